import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { HalError } from '../../../src/hal/errors.ts';
import { slotsAreLeft } from '../../../src/hal/vpcd/left-slots.ts';
import type { CardSource } from '../../card/card-source.ts';
import { imageNames } from '../../card/image-name.ts';
import { CannotRun } from '../../console/failure.ts';
import { EXIT } from '../../console/io.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';
import type { LinkChoice } from '../../endpoint/links.ts';
import { type ReaderChoice, readerDriver } from '../../endpoint/readers.ts';
import type { CaseResult } from '../../judge/conform/model.ts';
import { openRenewable } from '../../judge/conform/open-card.ts';
import { counted } from '../../report/words.ts';
import { CASE_VERDICTS } from '../api/result.ts';
import type { RunCard, RunWork } from '../campaign/work.ts';
import { type Judged, type LocalFile, listening, type RunPlace, sourceOf } from './judged.ts';
import { deathInWords, hasLink, isOfLink, LostLink, linkErrorIn } from './lost-link.ts';
import { PLAIN_TAPS } from './plain-taps.ts';
import { channelOfRun } from './run-channel.ts';
import { asNamed, file, tracesFolder, tracesIn, written } from './run-files.ts';
import { type ServedCard, serveCard } from './served-card.ts';

/** Runs on a reader: what the verbs `conform`, `replay` and `bench tap` do, by their own functions. */

type OnCard<K extends RunWork['kind']> = Extract<RunWork, { kind: K }>;

/** The reader as the verb has it, and the card that it makes in process itself; null where the bench put it there, or it lies there. */
interface Target {
  readonly reader: ReaderChoice;
  readonly card: CardSource | null;
  readonly interface: 'contact' | 'contactless' | null;
  /** The card of ours that the bench put there; null: none. */
  readonly served: ServedCard | null;
}

const TIMEOUT_MS = 10_000;
const LONGEST_REASON = 500;

const CONFORM_REPORT = z.object({
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  environment: z.object({ backend: z.enum(['simulated', 'hardware']), atr: z.string().nullable() }),
  cases: z.array(z.object({ id: z.string(), verdict: z.enum(CASE_VERDICTS), reason: z.string().optional() })),
});

/**
 * A run whose link dies before a case has failed is given back at once. One with a case that failed, and one that no attempt
 * comes after, is judged as far as it goes: what failed counts, and what is known is kept.
 */
export async function judgeConformance(work: OnCard<'conform'>, place: RunPlace): Promise<Judged> {
  const { conform } = await import('../../judge/conform/conform.ts');
  const report = join(place.folder, 'conform.json');
  const html = join(place.folder, 'conform.html');
  const trace = join(place.folder, 'trace.jsonl');
  const { env, choice } = await channelOfRun(work, place);
  const said = listening({ ...place, env });
  const reader = readerOf(place);
  const card = sourceOf(work.card, place.inputs);
  const link = card === null ? null : linkOf(place, reader);
  const ran: CaseResult[] = [];
  const givesUp = new AbortController();
  const givesBack = (): boolean => !place.last && ran.every((each) => each.verdict !== 'fail');
  let ended: HalError | null = null;
  try {
    await conform(
      {
        suite: work.suite,
        reader,
        // The verb puts a card of ours onto the link itself, and a new one for each case.
        card,
        link,
        interface: work.card.kind === 'there' ? null : (work.card.interface ?? null),
        channel: choice,
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
        onResult: (result) => {
          ran.push(result);
          if (isOfLink(result.linkError?.kind ?? '') && hasLink(place.device) && givesBack()) givesUp.abort();
        },
      },
      { ...said.io, json: false, signal: AbortSignal.any([place.signal, givesUp.signal]) },
    );
  } catch (error) {
    if (!givesUp.signal.aborted) {
      ended = hasLink(place.device) ? linkErrorIn(error) : null;
      // Before the first case there is nothing to keep.
      if (ended === null || ran.length === 0) throw error;
    }
  } finally {
    if (link !== null) await linkIsLeft(place);
  }
  place.signal.throwIfAborted();
  const death = hasLink(place.device) ? deathInWords(ran, ended) : null;
  if (death !== null && givesBack()) throw new LostLink(death);
  const { verdict, environment, cases } =
    ended === null ? CONFORM_REPORT.parse(JSON.parse(await readText(report))) : withoutVerdict(ran, place);
  const count = (one: string): number => cases.filter((each) => each.verdict === one).length;
  const failed = count('fail');
  return {
    ...(await aboutCard(work.card, place, environment.atr)),
    verdict: verdict === 'pass' ? 'passed' : verdict === 'fail' ? 'failed' : 'error',
    reason: inShort([wrongInWords('case', cases), death ?? ''].filter((words) => words !== '').join('; ')),
    backend: environment.backend,
    figures: { 'cases.pass': count('pass'), 'cases.fail': failed, 'cases.not-applicable': count('not-applicable') },
    repairs: 0,
    cases: cases.map(({ id, verdict: each, reason = '' }) => ({ id, verdict: each, reason: inShort(reason) })),
    // A run that was ended has written them as far as it came.
    files: [
      file('report', 'conform.json', 'application/json', report),
      file('html', 'conform.html', 'text/html', html),
      file('trace', 'trace.jsonl', 'application/jsonl', trace),
    ].filter(({ path }) => ended === null || existsSync(path)),
  };
}

/** The reader or its service has gone, so the report has no verdict: what had run is kept. */
function withoutVerdict(ran: readonly CaseResult[], { device }: RunPlace): z.infer<typeof CONFORM_REPORT> {
  const { backend } = device.capability;
  const verdict = ran.some((each) => each.verdict === 'fail') ? 'fail' : 'inconclusive';
  return { verdict, environment: { backend, atr: null }, cases: [...ran] };
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
  const traces = tracesFolder(place);
  const said = listening(place);
  const lost: HalError[] = [];
  const onLinkError = (error: HalError): void => void lost.push(error);
  const judge = (target: Target): Promise<unknown> =>
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
        traces,
        timeoutMs: TIMEOUT_MS,
        onLinkError,
      },
      said.io,
    );
  await withCard(work.card, place, judge, onLinkError);
  place.signal.throwIfAborted();
  const document = said.document();
  const { verdict, traces: replayed } = REPLAY_REPORT.parse(document);
  const results = replayed.map(({ id, verdict: each, reason }) => ({
    id,
    verdict: CASE_OF_TRACE[each],
    reason: inShort(reason ?? ''),
  }));
  const failed = results.filter((each) => each.verdict === 'fail').length;
  const died =
    verdict === 'INCONCLUSIVE' && hasLink(place.device) ? lost.find(({ kind }) => isOfLink(kind)) : undefined;
  if (died !== undefined && !place.last && failed === 0) {
    const passed = results.filter((each) => each.verdict === 'pass').length;
    throw new LostLink(`the link died: ${died.message}; ${passed} of ${counted(results.length, 'trace')} passed`);
  }
  return {
    ...(await aboutCard(work.card, place, null)),
    verdict: verdict === 'PASS' ? 'passed' : verdict === 'FAIL' ? 'failed' : 'error',
    reason: wrongInWords('trace', results),
    backend: place.device.capability.backend,
    figures: { traces: replayed.length, 'traces.failed': failed },
    repairs: replayed.reduce((sum, { attempts }) => sum + Math.max(attempts.length - 1, 0), 0),
    cases: results,
    files: [
      written(place, 'replay.json', document),
      file('html', 'replay.html', 'text/html', html),
      ...failedFirst(tracesIn(traces), replayed),
    ],
  };
}

/** A result has so many files: those that tell why come first. */
function failedFirst(
  traces: readonly LocalFile[],
  replayed: readonly { readonly id: string; readonly verdict: string }[],
): readonly LocalFile[] {
  const failed = replayed.filter(({ verdict }) => verdict === 'FAIL' || verdict === 'INCONCLUSIVE');
  const isFailed = ({ name }: LocalFile): boolean => failed.some(({ id }) => name.startsWith(`${id}.attempt-`));
  return [...traces.filter(isFailed), ...traces.filter((each) => !isFailed(each))];
}

export async function judgeTaps(work: OnCard<'bench-tap'>, place: RunPlace): Promise<Judged> {
  const [{ benchTap }, { verdictSentence }, { tapHtml }] = await Promise.all([
    import('../../measure/tap/bench-tap.ts'),
    import('../../measure/tap/verdict-sentence.ts'),
    import('../../measure/tap-report/html.ts'),
  ]);
  const { env, choice } = await channelOfRun(work, place);
  const said = listening({ ...place, env });
  const traces = tracesFolder(place);
  const { result, exit } = await withCard(work.card, place, (target) => {
    const { served } = target;
    return benchTap(
      {
        reader: target.reader,
        readerText: place.device.readerText,
        // Also of a card that the bench put there it is said which it is: for its own times, and for whom it trusts.
        card: sourceOf(work.card, place.inputs),
        interface: target.interface,
        channel: choice,
        screen: served?.screen ?? null,
        sequence: work.sequence,
        plan: work.plan,
        taps: work.taps,
        warmUp: work.warmUp,
        timeoutMs: TIMEOUT_MS,
        ...PLAIN_TAPS,
        traces,
      },
      said.io,
    );
  });
  place.signal.throwIfAborted();
  const { figures, failures, environment } = result;
  const named: typeof result = JSON.parse(asNamed(JSON.stringify(result), place));
  const failed = failures.reduce((sum, each) => sum + each.count, 0);
  // Single taps that fail are what is measured; a run that ends before its last tap has lost its reader or its card.
  const died =
    hasLink(place.device) &&
    result.taps.length < work.taps &&
    failed > 0 &&
    failures.every(({ kind }) => isOfLink(kind));
  if (died && !place.last) {
    const good = result.taps.length - failed;
    throw new LostLink(`the link died: ${failures[0]?.message}; ${good} of ${counted(work.taps, 'tap')} were good`);
  }
  const html = join(place.folder, 'taps.html');
  writeFileSync(html, await tapHtml(named, null));
  return {
    ...(await aboutCard(work.card, place, environment.atr)),
    verdict: exit === EXIT.pass ? 'passed' : died ? 'error' : 'failed',
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
    files: [written(place, 'taps.json', named), file('html', 'taps.html', 'text/html', html), ...tracesIn(traces)],
  };
}

/**
 * Puts the card of a run where its reader finds it, and takes it away afterwards.
 * @param onLinkError told of a link that died meanwhile
 */
async function withCard<T>(
  card: RunCard,
  place: RunPlace,
  judge: (target: Target) => Promise<T>,
  onLinkError: (error: HalError) => void = () => {},
): Promise<T> {
  const reader = readerOf(place);
  const source = sourceOf(card, place.inputs);
  const wanted = card.kind === 'there' ? null : (card.interface ?? null);
  if (source === null) return judge({ reader, card: null, interface: null, served: null });
  const link = linkOf(place, reader);
  if (link === null) return judge({ reader, card: source, interface: wanted, served: null });
  const served = await serveCard(source, link, wanted);
  try {
    return await judge({ reader, card: null, interface: null, served });
  } finally {
    await served.stop().catch((error: unknown) => {
      const lost = linkErrorIn(error);
      if (lost === null) throw error;
      // What was judged until then stands.
      onLinkError(lost);
    });
    await linkIsLeft(place);
  }
}

/** Where a card of ours is put for a reader; null: in process. @throws {CannotRun} nowhere */
function linkOf({ device }: RunPlace, reader: ReaderChoice): LinkChoice | null {
  if (readerDriver(reader).ourCards === 'in process') return null;
  if (device.link !== null) return device.link;
  throw new CannotRun(`no card of ours can be put into ${device.readerText}`);
}

/** @throws {CannotRun} the device is a board */
function readerOf({ device }: RunPlace): ReaderChoice {
  if (device.reader !== null) return device.reader;
  throw new CannotRun('this run needs a reader, and the device is a board');
}

/** Waits until pcscd has seen a card leave: the next one would be taken for it. What cannot be asked here, the next run says. */
async function linkIsLeft({ device, signal }: RunPlace): Promise<void> {
  if (device.link?.driver !== 'vpcd' || device.reader === null) return;
  const { openReader } = await import('../../endpoint/open-reader.ts');
  const opened = await openReader(device.reader).catch(() => null);
  if (opened === null) return;
  try {
    await slotsAreLeft(opened.reader, [device.capability.model], signal);
  } finally {
    await opened.close();
  }
}

const MOST_NAMED = 5;

/** What did not pass, with the first ids; empty: all did. */
function wrongInWords(
  what: 'case' | 'trace',
  all: readonly { readonly id: string; readonly verdict: string }[],
): string {
  const sentence = (verdict: string, words: string): string | null => {
    const ids = all.flatMap((each) => (each.verdict === verdict ? [each.id] : []));
    if (ids.length === 0) return null;
    const named = ids.slice(0, MOST_NAMED).join(', ');
    return `${counted(ids.length, what)} of ${all.length} ${words}: ${named}${ids.length > MOST_NAMED ? ', …' : ''}`;
  };
  const sentences = [sentence('fail', 'failed'), sentence('inconclusive', 'could not be judged')];
  return sentences.filter((each) => each !== null).join('; ');
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

export function inShort(text: string): string {
  return text.length <= LONGEST_REASON ? text : `${text.slice(0, LONGEST_REASON - 1)}…`;
}

async function readText(path: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(path, 'utf8');
}
