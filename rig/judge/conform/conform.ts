import { ISO7816_COMMANDS } from '../../../src/applet/iso7816/index.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { NO_CHANNEL } from '../../channel/choice.ts';
import { ReaderChannel } from '../../channel/reader-channel.ts';
import { SessionKeyRecorder } from '../../channel/session-key-file.ts';
import { channelInWords } from '../../channel/words.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { hostEnvironment } from '../../report/host-environment.ts';
import { checkReportFile, writeReportFile } from '../../report/report-file.ts';
import { counted } from '../../report/words.ts';
import { secrecyOf } from '../../trace/pseudonyms.ts';
import { TraceWriter } from '../../trace/writer.ts';
import { noneApplies, selectCases } from './applying.ts';
import type { CardUnderTest } from './card-under-test.ts';
import { ChannelledCard } from './channelled-card.ts';
import { coverageOf } from './coverage.ts';
import type { CardDeclaration } from './declaration.ts';
import { ConformEvidence } from './evidence.ts';
import { type CaseResult, type ConformanceCase, countVerdicts, type Suite } from './model.ts';
import { type OpenedTarget, openTarget } from './open-target.ts';
import type { ConformOptions } from './options.ts';
import { RecordedCard } from './recorded-card.ts';
import { asJson, asText, type ConformanceRun, interruption, verdictOf } from './report.ts';
import { inSuiteOrder, runSuite } from './run-suite.ts';
import { withSelectionWays } from './selection-ways.ts';
import { loadSuite } from './suites/index.ts';
import { NO_WORDS } from './terminal/channel-declaration.ts';

/**
 * `vitap conform`: judges a card by a suite.
 * @returns 0 nothing failed and everything that applies was judged, 1 otherwise, 2 interrupted
 * @throws {CannotRun} no case applies, or none has such an id; {HalError} the card cannot be reached, or not any more: then
 * the reports say how far the run came
 */
export async function conform(options: ConformOptions, io: CommandIo): Promise<ExitCode> {
  const suite = await loadSuite(options.suite);
  const cases = selectCases(suite, options.only);
  if (options.list) return list(cases, options, io);

  // A run may take minutes: that a report cannot be written is said before.
  for (const file of [options.json, options.junit, options.html]) {
    if (file !== null && file !== '-') checkReportFile(file);
  }
  const evidence = ConformEvidence.open(options, io);
  try {
    const { run, own, ended } = await runTarget(
      suite,
      cases,
      evidence === null ? options : { ...options, record: evidence.record },
      io,
    );
    if (run.interrupted) {
      if (evidence !== null) io.stderr('vitap: no evidence was written: what was interrupted has no verdict\n');
      if (ended !== null) throw ended;
      return EXIT.cannotRun;
    }
    evidence?.write(run, own, options.html === null ? null : (await import('./html.ts')).asHtml(run), io);
    return verdictOf(run.results) === 'pass' ? EXIT.pass : EXIT.fail;
  } finally {
    evidence?.close();
  }
}

interface Ran {
  readonly run: ConformanceRun;
  /** What ended it before its last case; null: nothing, or a person. */
  readonly ended: HalError | null;
}

/** Opens the card, judges it, writes the reports; afterwards the trace is whole. */
async function runTarget(
  suite: Suite,
  cases: readonly ConformanceCase[],
  options: ConformOptions,
  io: CommandIo,
): Promise<Ran & { readonly own: OpenedTarget['own'] }> {
  const { sessionKeys = null } = options.channel ?? NO_CHANNEL;
  const keys = sessionKeys === null ? null : new SessionKeyRecorder(sessionKeys);
  // The suites of the channel open their own, case by case.
  const channel =
    suite.channel === true ? null : await ReaderChannel.from(options.channel ?? NO_CHANNEL, io, options.card !== null);
  const target = await openTarget(options, io.signal);
  let trace: TraceWriter | null = null;
  try {
    trace = await openTrace(target.card, options, keys?.id ?? null);
    const wire = trace === null ? target.card : new RecordedCard(target.card, trace, systemClock);
    const hooks = keys === null ? {} : { onKeys: keys.add };
    const card =
      channel === null
        ? wire
        : new ChannelledCard(wire, (session) => channel.open(session, io.signal, hooks), systemClock);
    const { run, ended } = await judge(suite, cases, { ...target, card }, options, io);
    if (!run.interrupted && countVerdicts(run.results)['not-applicable'] === run.results.length) {
      throw new CannotRun(
        noneApplies(
          run.declaration,
          run.results.map(({ reason }) => reason),
        ),
      );
    }
    await write(run, options, io);
    return { run, ended, own: target.own };
  } finally {
    channel?.wipe();
    await target.card.close();
    await trace?.close();
    keys?.write();
  }
}

async function openTrace(
  card: CardUnderTest,
  { record, interface: cardInterface }: ConformOptions,
  sessionKeys: string | null,
): Promise<TraceWriter | null> {
  if (record === undefined || record.file === null) return null;
  // The reader is known when it was connected to.
  if (card.atr === null) await card.begin();
  const { backend, reader, description, atr, seed } = card;
  const about = {
    source: 'vitap conform',
    backend,
    reader,
    interface: cardInterface,
    atr,
    card: description,
    cardSeed: seed,
    sessionKeys,
  };
  return TraceWriter.create(record.file, about, secrecyOf(record));
}

async function judge(
  suite: Suite,
  cases: readonly ConformanceCase[],
  { card, declaration: declared }: OpenedTarget,
  options: ConformOptions,
  io: CommandIo,
): Promise<Ran> {
  const startedAt = new Date(systemClock.wallSeconds() * 1000).toISOString();
  const startNs = systemClock.nowNs();
  const destructive = card.renewed || options.destructive;
  const located = declared.decisions === null ? await withSelectionWays(declared, card) : declared;
  const declaration =
    suite.channel === true
      ? await withChannelOf(located, card, options, io)
      : { ...located, inChannel: card instanceof ChannelledCard };
  const progress = progressTo(io, cases.length);
  const settings = { declaration, destructive, signal: io.signal, offered: new Set<string>() };
  const judged: CaseResult[] = [];
  let ended: HalError | null = null;
  try {
    await runSuite(cases, card, settings, (result, done) => {
      judged.push(result);
      progress.result(result, done);
      options.onResult?.(result);
    });
  } catch (error) {
    // Before the first case there is nothing to report.
    if (!(error instanceof HalError) || judged.length === 0 || io.signal.aborted) throw error;
    ended = error;
  } finally {
    progress.end();
  }
  const opened = card instanceof ChannelledCard ? card.channel : null;
  const results = inSuiteOrder(cases, judged);
  const interrupted = results.length < cases.length;
  // What ended it otherwise is said by whoever catches it.
  if (interrupted && ended === null) io.stderr(`vitap: ${interruption({ results, selected: cases.length })}\n`);
  const run: ConformanceRun = {
    suite,
    environment: environment(card, startedAt, systemClock.nowNs() - startNs),
    channel: opened === null ? null : channelInWords(opened.account).join('; '),
    declaration: declaration.title,
    destructive,
    selected: cases.length,
    interrupted,
    lost: ended?.message ?? null,
    results,
    coverage: coverageOf(results, ISO7816_COMMANDS),
  };
  return { run, ended };
}

/** What was typed goes before what is declared. @throws {CannotRun} a code that is none */
async function withChannelOf(
  declaration: CardDeclaration,
  card: CardUnderTest,
  options: ConformOptions,
  io: CommandIo,
): Promise<CardDeclaration> {
  const [{ withChannel }, { readCredentials }, { testTerminalKeys }, { nobleCrypto }] = await Promise.all([
    import('./terminal/find-channel.ts'),
    import('../../channel/credentials.ts'),
    import('../../pki/test-hierarchy.ts'),
    import('../../../src/hal/noble/index.ts'),
  ]);
  const crypto = nobleCrypto();
  const own = options.card !== null;
  const given = await readCredentials(options.channel ?? NO_CHANNEL, io, crypto, own);
  const words = declaration.channelWords ?? NO_WORDS;
  const passwords =
    given === null ? words.passwords : { ...words.passwords, [given.password.name]: given.password.bytes };
  const keys = given?.terminal ?? (own ? testTerminalKeys(crypto) : null);
  return withChannel({ ...declaration, channelWords: { ...words, passwords } }, card, keys);
}

function environment(card: CardUnderTest, startedAt: string, tookNs: number): ConformanceRun['environment'] {
  const { backend, reader, protocol, description, atr } = card;
  return {
    ...hostEnvironment(),
    backend,
    reader,
    protocol,
    atr: atr === null ? null : Buffer.from(atr).toString('hex').toUpperCase(),
    card: description,
    startedAt,
    durationMs: Math.round(tookNs / 1_000_000),
  };
}

async function write(run: ConformanceRun, options: ConformOptions, io: CommandIo): Promise<void> {
  const { json, junit, html, coverage } = options;
  // First what needs no disk: a run of minutes is not lost with a file that cannot be written.
  if (json === '-') writeJson(io, asJson(run));
  else io.stdout(asText(run, coverage));
  if (junit !== null) writeReportFile(junit, (await import('./junit.ts')).asJunit(run));
  if (html !== null) writeReportFile(html, (await import('./html.ts')).asHtml(run));
  if (json !== null && json !== '-') writeReportFile(json, `${JSON.stringify(asJson(run), null, 2)}\n`);
}

/** Says what was judged so far: on a terminal in one line that is written over, otherwise in plain lines. */
function progressTo(
  io: CommandIo,
  total: number,
): { readonly result: (result: CaseResult, done: number) => void; readonly end: () => void } {
  const every = io.stdoutIsTty ? 10 : 100;
  let wrong = 0;
  return {
    result({ verdict }, done) {
      if (verdict === 'fail' || verdict === 'inconclusive') wrong++;
      if (done % every !== 0 && done !== total) return;
      const line = `${done} of ${counted(total, 'case')}${wrong === 0 ? '' : `, ${wrong} of them FAIL or INCONCLUSIVE`}`;
      io.stderr(io.stdoutIsTty ? `\r${line}` : `${line}\n`);
    },
    end() {
      if (io.stdoutIsTty) io.stderr('\n');
    },
  };
}

function list(cases: readonly ConformanceCase[], { json }: ConformOptions, io: CommandIo): ExitCode {
  if (json === '-') {
    writeJson(io, {
      id: 'conform-list',
      cases: cases.map(({ bind: _bind, needs, ...header }) => ({ ...header, needs: needs.map(({ words }) => words) })),
    });
    return EXIT.pass;
  }
  for (const { id, title, destructive } of cases) {
    io.stdout(`${id.padEnd(14)} ${title}${destructive ? ' (changes the card)' : ''}\n`);
  }
  io.stdout(`${counted(cases.length, 'case')}\n`);
  return EXIT.pass;
}
