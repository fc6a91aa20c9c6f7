import type { CardSession } from '../../../src/hal/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import type { CardSource } from '../../card/card-source.ts';
import { type ChannelChoice, NO_CHANNEL } from '../../channel/choice.ts';
import { ReaderChannel } from '../../channel/reader-channel.ts';
import { type Opener, ReopeningSession } from '../../channel/reopening-session.ts';
import { SessionKeyRecorder } from '../../channel/session-key-file.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { readPin } from '../../console/pin.ts';
import { shown } from '../../console/shown.ts';
import { type OpenedReader, openReader } from '../../endpoint/open-reader.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import { counted } from '../../report/words.ts';
import { openedWith, plainOnly, withoutOpening } from '../../trace/inside-channel.ts';
import type { OpenTrace } from '../../trace/open-trace.ts';
import { RecordedSession } from '../../trace/record/recorded-reader.ts';
import { traceSession } from '../../trace/record/session-trace.ts';
import type { RecordChoice } from '../../trace/record-choice.ts';
import type { TraceSource } from '../../trace/stream.ts';
import type { TraceWriter } from '../../trace/writer.ts';
import { parseDeviation } from './deviation.ts';
import { TemplateError } from './hex-template.ts';
import { type ReplayEntry, type ReplaySummary, ReplayTally } from './model.ts';
import type { ReplayOutputChoice } from './outputs.ts';
import type { Pace } from './pace.ts';
import { replayWorld } from './plug-world.ts';
import { type EntryPrinter, entryPrinter, progressTo } from './present.ts';
import { type DeviationLimit, NO_RULES, type RuleSet } from './rules.ts';
import { readRules } from './rules-file.ts';
import { NO_SECRETS, readSecrets, type Secrets } from './secrets.ts';
import { SingleReport } from './single-report.ts';
import type { ReplaySource } from './steps.ts';
import { MOST_NAMED, surveyTrace } from './survey.ts';
import { type ReplayListener, replayToCard, type ToCardEnd, type ToCardOptions } from './to-card.ts';
import { openTraceFile } from './trace-file.ts';

export interface ReplayToCardOptions {
  /** `-` for standard input. */
  readonly trace: string;
  /** Name of an importer; null: guess. */
  readonly from: string | null;
  readonly reader: ReaderChoice;
  readonly card: CardSource | null;
  readonly interface: 'contact' | 'contactless' | 'wired' | null;
  readonly rules: string | null;
  readonly secrets: string | null;
  /** The code in VITAP_PIN, where the file has none; absent: none. */
  readonly pin?: Uint8Array | null;
  /** The secure channel to the card; absent: none. */
  readonly channel?: ChannelChoice;
  /** File of the session keys of the trace: what was protected is replayed in a new channel. Absent: none. */
  readonly keys?: string | null;
  readonly keepGoing: boolean;
  readonly pace: Pace;
  /** As typed: `5ms`, `20%`. */
  readonly maxDeviation: string | null;
  readonly record: RecordChoice;
  /** Also in what is printed. */
  readonly keepSecrets: boolean;
  readonly timeoutMs: number;
  /** Reports and evidence; absent: none. */
  readonly outputs?: ReplayOutputChoice;
}

/** With what opens channels, which only the verb itself reads. */
interface ReplayWithChannel extends ReplayToCardOptions {
  readonly opener?: ReaderChannel | null;
}

/** Who follows a replay. */
export interface ReplayHooks {
  readonly signal: AbortSignal;
  /** The reader is open, and the card in it where it is ours; nothing was sent. */
  readonly onOpen?: ((reader: OpenedReader) => void) | undefined;
  /** Before the first command. @param total exchanges in the trace; null where that is not known */
  readonly onStart?: (total: number | null) => void;
  /** Told of the rules that no exchange matched, which is then no warning. */
  readonly onUnusedRules?: (names: readonly string[]) => void;
  /** Told of every exchange of the trace, in their order. */
  readonly onEntry: (entry: ReplayEntry) => void;
  /** As {@link ToCardOptions.onLinkError}. */
  readonly onLinkError?: ToCardOptions['onLinkError'];
}

/**
 * `vitap replay TRACE --reader …`: sends the commands of a trace to a card and judges its answers.
 * @returns 0 all as expected, 1 something was not, 2 it could not be judged to its end
 */
export async function replay(options: ReplayToCardOptions, io: CommandIo): Promise<ExitCode> {
  const pin = await readPin({ file: null, ask: false }, io);
  const channel = await ReaderChannel.from(options.channel ?? NO_CHANNEL, io, options.card !== null);
  if (options.keys != null && channel === null) {
    throw new CannotRun(
      'a recorded channel is replayed in a new one, which needs the code: --can-file FILE or VITAP_CAN',
    );
  }
  const report = SingleReport.open(options.outputs, options, options.card, io.env);
  try {
    return await replayReported({ ...options, pin, opener: channel }, report, io);
  } finally {
    pin?.fill(0);
    channel?.wipe();
    report?.close();
  }
}

async function replayReported(
  options: ReplayWithChannel,
  report: SingleReport | null,
  io: CommandIo,
): Promise<ExitCode> {
  const printer = entryPrinter(io);
  let progress: ReturnType<typeof progressTo> | null = null;
  let summary: ReplaySummary;
  try {
    summary = await replayTrace(report === null ? options : { ...options, record: report.record }, {
      signal: io.signal,
      onOpen: report?.onOpen,
      onStart: (total) => {
        progress = progressTo(io, total);
      },
      onEntry: (entry) => {
        progress?.step();
        printer.entry(entry);
        report?.entry(entry);
      },
    });
  } finally {
    (progress as ReturnType<typeof progressTo> | null)?.end();
  }
  // What an interruption leaves is no verdict.
  if (io.signal.aborted) printer.cut();
  io.signal.throwIfAborted();
  const exit = finish(summary, printer, io);
  await report?.write(summary, io);
  return exit;
}

/**
 * The same without a word: one trace, one card, one verdict.
 * @throws {CannotRun} missing secrets, a trace without commands; {HalError}, {TraceError}, {ProfileError}: before the
 * first command. What happens later is in the summary
 */
export async function replayTrace(options: ReplayWithChannel, hooks: ReplayHooks): Promise<ReplaySummary> {
  const rules = options.rules === null ? NO_RULES : readRules(options.rules);
  const written = options.secrets === null ? NO_SECRETS : readSecrets(options.secrets);
  const secrets = { ...written, pin: options.pin ?? null };
  const limit = deviationOf(options.maxDeviation);
  const total = options.trace === '-' ? null : await checkBefore(options, rules, secrets);
  const opened = await openTraceFile(options.trace, options.from);
  try {
    const source = await openReader(options.reader, { ...options, signal: hooks.signal });
    try {
      hooks.onOpen?.(source);
      return await run(opened, source, { rules, secrets, limit, total }, options, hooks);
    } finally {
      await source.close();
    }
  } finally {
    await opened.close();
  }
}

interface Prepared {
  readonly rules: RuleSet;
  readonly secrets: Secrets;
  readonly limit: DeviationLimit | null;
  /** Exchanges in the trace; null where that is not known. */
  readonly total: number | null;
}

/** Before a card is touched. @returns how many exchanges there are @throws {CannotRun} */
async function checkBefore(options: ReplayToCardOptions, rules: RuleSet, secrets: Secrets): Promise<number> {
  const opened = await openTraceFile(options.trace, options.from);
  try {
    const { exchanges, missing, missingCount } = await surveyTrace(
      await replaySource(opened.source, options.keys ?? null),
      rules,
      secrets,
    );
    if (exchanges === 0) throw new CannotRun(`${options.trace} has no commands to replay`);
    if (missingCount > 0) {
      const more = missingCount > missing.length ? `, and ${missingCount - MOST_NAMED} more` : '';
      const where = options.secrets === null ? 'give them with --secrets FILE' : `add them to ${options.secrets}`;
      const pin =
        secrets.pin === null && missing.some((each) => /^code /.test(each)) ? ', or the code in VITAP_PIN' : '';
      throw new CannotRun(`secrets are missing: ${missing.join('; ')}${more}; ${where}${pin}`);
    }
    return exchanges;
  } finally {
    await opened.close();
  }
}

async function run(
  opened: OpenTrace,
  source: OpenedReader,
  { rules, secrets, limit, total }: Prepared,
  options: ReplayWithChannel,
  { signal, onStart, onUnusedRules, onEntry, onLinkError }: ReplayHooks,
): Promise<ReplaySummary> {
  const { header } = opened.source;
  const startedAt = new Date().toISOString();
  const session = await source.reader.connect({
    timeoutMs: options.timeoutMs,
    mode: 'cold',
    signal,
    ...(source.name === null ? {} : { reader: source.name }),
  });
  const startNs = systemClock.nowNs();
  const { sessionKeys = null } = options.channel ?? NO_CHANNEL;
  const keys = sessionKeys === null ? null : new SessionKeyRecorder(sessionKeys);
  const trace = await traceSession(
    source,
    session,
    options.record,
    { source: `vitap replay ${options.trace}`, sessionKeys: keys?.id ?? null },
    { originNs: startNs },
  );
  const events = await replaySource(opened.source, options.keys ?? null);
  const tally = new ReplayTally();
  let end: ToCardEnd;
  onStart?.(total);
  try {
    trace?.power('on', startNs, session.atr);
    const way = await wayToCard(session, trace, options, keys, signal);
    end = await replayToCard(events, way.session, {
      rules,
      secrets,
      pace: options.pace,
      maxDeviation: limit,
      keepGoing: options.keepGoing,
      keepSecrets: options.keepSecrets,
      world: replayWorld(),
      clock: systemClock,
      signal,
      listener: way.listener,
      ...(way.enter !== null && { enterChannel: way.enter }),
      onLinkError,
      onEntry: (entry) => {
        tally.add(entry);
        onEntry(entry);
      },
    });
    await session.disconnect('reset').catch(() => {});
    trace?.power('off', systemClock.nowNs());
  } finally {
    await session.disconnect().catch(() => {});
    await trace?.close();
    keys?.write();
  }
  onUnusedRules?.(end.unusedRules);
  const unusedRules = onUnusedRules === undefined ? end.unusedRules : [];
  const expectedAtr = header.atr;
  const gotAtr = Buffer.from(session.atr).toString('hex').toUpperCase();
  const empty = tally.counts.PASS + tally.counts.FAIL + tally.counts.INCONCLUSIVE + tally.counts.SKIPPED === 0;
  return {
    id: 'replay',
    mode: 'to-card',
    verdict: tally.verdict(end.problem === null),
    counts: tally.counts,
    retries: tally.retries,
    trace: {
      file: options.trace,
      format: opened.importer.name,
      source: header.source,
      backend: header.backend,
      startedAt: header.startedAt,
    },
    peer: session.reader,
    backend: source.backendAt(session.reader),
    protocol: session.protocol,
    atr: { expected: expectedAtr, got: gotAtr },
    rules: options.rules,
    pace: `${options.pace}`,
    startedAt,
    durationNs: systemClock.nowNs() - startNs,
    firstDivergence: tally.firstDivergence,
    problem: end.problem ?? (empty ? 'the trace has no commands to replay' : null),
    warnings: warningsOf({ ...end, unusedRules }, rules, options, expectedAtr, gotAtr),
  };
}

/** Where commands go, and who writes down what of them. */
interface WayToCard {
  readonly session: CardSession;
  readonly listener: ReplayListener | null;
  /** Opens the channel where the trace had one; null: that is done already, or never. */
  readonly enter: (() => Promise<void>) | null;
}

/** Through a channel the trace has what crosses to the card, and not what the replay sends. */
async function wayToCard(
  session: CardSession,
  trace: TraceWriter | null,
  { opener = null, keys: recorded = null }: ReplayWithChannel,
  keys: SessionKeyRecorder | null,
  signal: AbortSignal,
): Promise<WayToCard> {
  if (opener === null) return { session, listener: trace, enter: null };
  const nothing = (): void => {};
  const wire =
    trace === null
      ? session
      : new RecordedSession(
          session,
          {
            command: (apdu, tNs) => trace.command(apdu, tNs),
            response: (apdu, tNs) => trace.response(apdu, tNs),
            power: nothing,
            note: (text, tNs) => trace.note(text, tNs),
          },
          systemClock,
        );
  const open: Opener = (card) => opener.open(card, signal, keys === null ? {} : { onKeys: keys.add });
  const power: ReplayListener['power'] = (...args) => trace?.power(...args);
  const listener = trace === null ? null : { command: nothing, response: nothing, power };
  if (recorded === null) return { session: await ReopeningSession.over(wire, open), listener, enter: null };
  const later = ReopeningSession.inClear(wire, open);
  return { session: later, listener, enter: () => later.enter() };
}

/** The trace as it is sent: with its session keys the plain commands, without what opened its channels. */
async function replaySource(source: TraceSource, keys: string | null): Promise<ReplaySource> {
  if (keys === null) return source;
  const opened = await openedWith(source, keys, { protected: 0, opened: 0 });
  return { header: source.header, events: () => withoutOpening(plainOnly(opened.events())) };
}

function finish(summary: ReplaySummary, printer: EntryPrinter, io: CommandIo): ExitCode {
  printer.end(summary);
  for (const warning of summary.warnings) io.stderr(`vitap: ${shown(warning)}\n`);
  if (summary.problem !== null) io.stderr(`vitap: the replay ended before its end: ${shown(summary.problem)}\n`);
  if (summary.verdict === 'FAIL') return EXIT.fail;
  return summary.verdict === 'PASS' ? EXIT.pass : EXIT.cannotRun;
}

function warningsOf(
  end: ToCardEnd,
  rules: RuleSet,
  options: ReplayToCardOptions,
  expectedAtr: string | null,
  gotAtr: string,
): string[] {
  const warnings = end.unusedRules.map((name) => `the rule "${name}" of ${rules.name} matched no exchange`);
  if (rules.rules.length === 0 && rules.card !== null) {
    warnings.push(`${rules.name} has answers of a card only: they are for --as-card`);
  }
  if (end.strayResponses > 0) {
    warnings.push(`${counted(end.strayResponses, 'answer')} in ${options.trace} before any command, passed over`);
  }
  if (expectedAtr !== null && expectedAtr !== gotAtr) {
    warnings.push(`the ATR is ${gotAtr}, in the trace it is ${expectedAtr}`);
  }
  if (!end.timed && (options.maxDeviation !== null || rules.maxDeviation !== null)) {
    warnings.push(`${options.trace} has no times: deviations were not judged`);
  }
  if (!end.timed && options.pace !== 'fast')
    warnings.push(`${options.trace} may have no times: the pace has little meaning`);
  return warnings;
}

function deviationOf(text: string | null): DeviationLimit | null {
  if (text === null) return null;
  try {
    return parseDeviation(text);
  } catch (error) {
    if (error instanceof TemplateError) throw new CannotRun(`--max-deviation: ${error.message}`);
    throw error;
  }
}
