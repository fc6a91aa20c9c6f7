import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { CardSource } from '../../card/card-source.ts';
import { imageNames } from '../../card/image-name.ts';
import { NO_CHANNEL } from '../../channel/choice.ts';
import { CannotRun } from '../../console/failure.ts';
import { EXIT } from '../../console/io.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';
import { linkDriver } from '../../endpoint/links.ts';
import { type ReaderChoice, readerDriver } from '../../endpoint/readers.ts';
import { openRenewable } from '../../judge/conform/open-card.ts';
import { counted } from '../../report/words.ts';
import { CASE_VERDICTS } from '../api/result.ts';
import type { RunCard, RunWork } from '../campaign/work.ts';
import { type Judged, type LocalFile, listening, type RunPlace, sourceOf } from './judged.ts';
import { PLAIN_TAPS } from './plain-taps.ts';
import { serveCard } from './served-card.ts';
import { slotIsLeft } from './vpcd-slot.ts';

/** Runs on a reader: what the verbs `conform`, `replay` and `bench tap` do, by their own functions. */

type OnCard<K extends RunWork['kind']> = Extract<RunWork, { kind: K }>;

/** The reader as the verb has it, and the card that it puts there itself; null where the bench did, or it lies there. */
interface Target {
  readonly reader: ReaderChoice;
  readonly card: CardSource | null;
  readonly interface: 'contact' | 'contactless' | null;
  /** Which card of ours it is, wherever. */
  readonly source: CardSource | null;
}

const TIMEOUT_MS = 10_000;
const LONGEST_REASON = 500;

const CONFORM_REPORT = z.object({
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  environment: z.object({ backend: z.enum(['simulated', 'hardware']), atr: z.string().nullable() }),
  cases: z.array(z.object({ id: z.string(), verdict: z.enum(CASE_VERDICTS), reason: z.string().optional() })),
});

export async function judgeConformance(work: OnCard<'conform'>, place: RunPlace): Promise<Judged> {
  const { conform } = await import('../../judge/conform/conform.ts');
  const report = join(place.folder, 'conform.json');
  const html = join(place.folder, 'conform.html');
  const trace = join(place.folder, 'trace.jsonl');
  const said = listening(place);
  // In vpcd the verb puts the card in itself, and a new one for each case.
  await withCard(work.card, place, 'verb', (target) =>
    conform(
      {
        suite: work.suite,
        reader: target.reader,
        card: target.card,
        interface: target.interface,
        channel: NO_CHANNEL,
        declare: work.declare === undefined ? null : join(place.inputs, work.declare),
        only: work.only ?? null,
        list: false,
        coverage: false,
        destructive: false,
        json: report,
        junit: null,
        html,
        record: { file: trace, keepSecrets: false },
        timeoutMs: TIMEOUT_MS,
      },
      { ...said.io, json: false },
    ),
  );
  place.signal.throwIfAborted();
  const { verdict, environment, cases } = CONFORM_REPORT.parse(JSON.parse(await readText(report)));
  const count = (one: string): number => cases.filter((each) => each.verdict === one).length;
  const failed = count('fail');
  const unjudged = count('inconclusive');
  return {
    ...(await aboutCard(work.card, place, environment.atr)),
    verdict: verdict === 'pass' ? 'passed' : verdict === 'fail' ? 'failed' : 'error',
    reason:
      failed > 0
        ? `${counted(failed, 'case')} of ${cases.length} failed`
        : unjudged > 0
          ? `${counted(unjudged, 'case')} of ${cases.length} could not be judged`
          : '',
    backend: environment.backend,
    figures: { 'cases.pass': count('pass'), 'cases.fail': failed, 'cases.not-applicable': count('not-applicable') },
    repairs: 0,
    cases: cases.map(({ id, verdict: each, reason = '' }) => ({ id, verdict: each, reason: inShort(reason) })),
    files: [
      file('report', 'conform.json', 'application/json', report),
      file('html', 'conform.html', 'text/html', html),
      file('trace', 'trace.jsonl', 'application/jsonl', trace),
    ],
  };
}

const REPLAY_REPORT = z.object({
  verdict: z.enum(['PASS', 'FAIL', 'INCONCLUSIVE']),
  traces: z.array(
    z.object({
      id: z.string(),
      verdict: z.enum(['PASS', 'FAIL', 'INCONCLUSIVE', 'SKIPPED']),
      reason: z.string().nullable(),
      attempts: z.array(z.unknown()),
    }),
  ),
});
const CASE_OF_TRACE = { PASS: 'pass', FAIL: 'fail', INCONCLUSIVE: 'inconclusive', SKIPPED: 'not-applicable' } as const;

export async function judgeReplay(work: OnCard<'replay'>, place: RunPlace): Promise<Judged> {
  const { replaySuite } = await import('../../judge/suite/suite.ts');
  const uploaded = join(place.inputs, work.folder);
  const folder = existsSync(uploaded) ? uploaded : join(PACKAGE_ROOT, work.folder);
  const html = join(place.folder, 'replay.html');
  const said = listening(place);
  await withCard(work.card, place, 'bench', (target) =>
    replaySuite(
      {
        folder,
        reader: target.reader,
        card: target.card,
        interface: target.interface,
        rules: null,
        secrets: null,
        keepGoing: false,
        keepSecrets: false,
        jobs: 1,
        only: work.only ?? null,
        list: false,
        outputs: { html, junit: null, evidence: null },
        timeoutMs: TIMEOUT_MS,
      },
      said.io,
    ),
  );
  place.signal.throwIfAborted();
  const document = said.document();
  const { verdict, traces } = REPLAY_REPORT.parse(document);
  const failed = traces.filter((each) => each.verdict === 'FAIL').length;
  const unjudged = traces.filter((each) => each.verdict === 'INCONCLUSIVE').length;
  return {
    ...(await aboutCard(work.card, place, null)),
    verdict: verdict === 'PASS' ? 'passed' : verdict === 'FAIL' ? 'failed' : 'error',
    reason:
      failed > 0
        ? `${counted(failed, 'trace')} of ${traces.length} failed`
        : unjudged > 0
          ? `${counted(unjudged, 'trace')} of ${traces.length} could not be judged`
          : '',
    backend: place.device.capability.backend,
    figures: { traces: traces.length, 'traces.failed': failed },
    repairs: traces.reduce((sum, { attempts }) => sum + Math.max(attempts.length - 1, 0), 0),
    cases: traces.map(({ id, verdict: each, reason }) => ({
      id,
      verdict: CASE_OF_TRACE[each],
      reason: inShort(reason ?? ''),
    })),
    files: [written(place, 'replay.json', document), file('html', 'replay.html', 'text/html', html)],
  };
}

export async function judgeTaps(work: OnCard<'bench-tap'>, place: RunPlace): Promise<Judged> {
  const [{ benchTap }, { verdictSentence }, { tapHtml }] = await Promise.all([
    import('../../measure/tap/bench-tap.ts'),
    import('../../measure/tap/verdict-sentence.ts'),
    import('../../measure/tap-report/html.ts'),
  ]);
  const said = listening(place);
  const { result, exit } = await withCard(work.card, place, 'bench', (target) => {
    // A profile tells which card is there, for its own times.
    const described = target.source?.kind === 'profile' ? target.source : target.card;
    return benchTap(
      {
        reader: target.reader,
        readerText: place.device.readerText,
        card: described,
        interface: target.interface,
        sequence: work.sequence,
        plan: work.plan,
        taps: work.taps,
        warmUp: work.warmUp,
        timeoutMs: TIMEOUT_MS,
        ...PLAIN_TAPS,
      },
      said.io,
    );
  });
  place.signal.throwIfAborted();
  const { figures, failures, environment } = result;
  const failed = failures.reduce((sum, each) => sum + each.count, 0);
  const html = join(place.folder, 'taps.html');
  writeFileSync(html, await tapHtml(result, null));
  return {
    ...(await aboutCard(work.card, place, environment.atr)),
    verdict: exit === EXIT.pass ? 'passed' : 'failed',
    reason: inShort(verdictSentence(result)),
    backend: environment.backend,
    figures: {
      taps: result.taps.length,
      'taps.failed': failed,
      // 0: the machine or the link was not fit for a measurement.
      'taps.trusted': result.diagnosis.trusted ? 1 : 0,
      ...(figures !== null && {
        'tap.p50.ms': figures.total.p50.value / 1e6,
        'tap.p90.ms': figures.total.p90.value / 1e6,
        'tap.max.ms': figures.total.max / 1e6,
      }),
    },
    repairs: 0,
    cases: [],
    files: [written(place, 'taps.json', result), file('html', 'taps.html', 'text/html', html)],
  };
}

/**
 * Puts the card of a run where its reader finds it, and takes it away afterwards.
 * @param byVpcd `verb`: it takes a card of ours, puts it into vpcd itself and renews it there, and judges one that lies
 * elsewhere as its profile describes it
 */
async function withCard<T>(
  card: RunCard,
  { device, inputs, signal }: RunPlace,
  byVpcd: 'verb' | 'bench',
  judge: (target: Target) => Promise<T>,
): Promise<T> {
  const { reader, link } = device;
  if (reader === null) throw new CannotRun('this run needs a reader, and the device is a board');
  const source = sourceOf(card, inputs);
  const wanted = card.kind === 'there' ? null : (card.interface ?? null);
  if (source === null) return judge({ reader, card: null, interface: null, source });
  const { ourCards } = readerDriver(reader);
  if (ourCards === 'in process') return judge({ reader, card: source, interface: wanted, source });
  if (link?.driver === 'vpcd' && byVpcd === 'verb') {
    try {
      return await judge({ reader, card: source, interface: wanted, source });
    } finally {
      await slotIsLeft(reader, device.capability.model, signal);
    }
  }
  if (link === null) throw new CannotRun(`no card of ours can be put into ${device.readerText}`);
  const served = await serveCard(source, link, wanted);
  try {
    // It lies there as somebody else's does, and a verb that can is told which it is: a suite judges it as its profile says.
    const described = byVpcd === 'verb' ? source : null;
    const cardInterface = described === null ? null : contactOrLess(linkDriver(link).interface ?? wanted);
    return await judge({ reader, card: described, interface: cardInterface, source });
  } finally {
    await served.stop();
    if (link.driver === 'vpcd') await slotIsLeft(reader, device.capability.model, signal);
  }
}

function contactOrLess(cardInterface: CardInterface | null): Target['interface'] {
  return cardInterface === 'wired' ? null : cardInterface;
}

/** Of a card of ours the keyed name of its image, of any other its label or ATR. */
async function aboutCard(
  card: RunCard,
  { inputs, imageKey, env, device }: RunPlace,
  atr: string | null,
): Promise<Pick<Judged, 'card' | 'image' | 'board'>> {
  const source = sourceOf(card, inputs);
  if (source === null) {
    return { card: device.card?.label ?? atr ?? device.capability.card?.atr ?? null, image: null, board: null };
  }
  const { contents } = await openRenewable(source, null);
  const { hmac, key } = imageNames(imageKey, env).of(contents);
  return { card: atr, image: `${hmac} under the key ${key}`, board: null };
}

export function file(role: LocalFile['role'], name: string, mediaType: string, path: string): LocalFile {
  return { role, name, mediaType, path };
}

/** A document of a run as a file of its folder. */
export function written({ folder }: RunPlace, name: string, document: unknown): LocalFile {
  const path = join(folder, name);
  writeFileSync(path, `${JSON.stringify(document)}\n`);
  return file('report', name, 'application/json', path);
}

export function inShort(text: string): string {
  return text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON - 1)}…`;
}

async function readText(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path, 'utf8');
}
