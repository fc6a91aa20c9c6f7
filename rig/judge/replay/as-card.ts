import type { CardInterface, CardLink, LinkEvent } from '../../../src/hal/card-link.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import type { CardSource } from '../../card/card-source.ts';
import type { ChannelChoice } from '../../channel/choice.ts';
import { CannotRun } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { type LinkChoice, linkDriver } from '../../endpoint/links.ts';
import { openLink } from '../../endpoint/open-link.ts';
import { counted } from '../../report/words.ts';
import { openedInWords } from '../../trace/inside-channel.ts';
import { secrecyOf } from '../../trace/pseudonyms.ts';
import { recordLink } from '../../trace/record/record-link.ts';
import type { RecordChoice } from '../../trace/record-choice.ts';
import { TraceWriter } from '../../trace/writer.ts';
import { bytesOfHex, hexOf, TemplateError } from './hex-template.ts';
import { type ReplaySummary, ReplayTally } from './model.ts';
import type { ReplayOutputChoice } from './outputs.ts';
import { openPlayedChip, type PlayedChip, playedSource } from './played-chip.ts';
import { replayWorld } from './plug-world.ts';
import { entryPrinter } from './present.ts';
import { loadSession, type RecordedSession } from './recorded-session.ts';
import { ReplayedCard, type ResponseTime } from './replayed-card.ts';
import { RuleCard } from './rule-card.ts';
import type { CardRules, RuleSet } from './rules.ts';
import { readRules } from './rules-file.ts';
import { Scope } from './scope.ts';
import { NO_SECRETS, readSecrets, type Secrets } from './secrets.ts';
import { SingleReport } from './single-report.ts';
import { TerminalJudge } from './terminal-judge.ts';
import { openTraceFile } from './trace-file.ts';

export interface ReplayAsCardOptions {
  /** A trace, or a file of rules with a card in it. */
  readonly trace: string;
  readonly from: string | null;
  readonly rules: string | null;
  readonly secrets: string | null;
  /** File of the session keys of the trace: its channels are opened anew. Absent: they are answered as recorded. */
  readonly keys?: string | null;
  /** The code of these channels; absent: none. */
  readonly channel?: ChannelChoice;
  /** Whose private keys and trust points the played chip has; absent: nobody's. */
  readonly card?: CardSource | null;
  readonly link: LinkChoice;
  readonly interface: CardInterface | null;
  readonly match: 'order' | 'best';
  readonly responseTime: ResponseTime;
  /** End with the terminal's session. */
  readonly once: boolean;
  readonly forMs: number | null;
  readonly wait: boolean;
  readonly record: RecordChoice;
  readonly keepSecrets: boolean;
  /** Reports and evidence; absent: none. */
  readonly outputs?: ReplayOutputChoice;
}

/** `3B 80 80 01 01`: what a PC/SC reader shows of a contactless card without historical bytes. */
const PLAIN_ATR = Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01);
const DEFAULT_OTHERWISE = Uint8Array.of(0x6f, 0x00);
const MOST_HISTORICAL_BYTES = 15;

/** What is to be played, from a trace, from rules, or from both. */
interface Part {
  readonly session: RecordedSession | null;
  readonly rules: CardRules | null;
  readonly ruleSet: RuleSet | null;
  readonly secrets: Secrets;
  readonly trace: ReplaySummary['trace'];
  readonly cardInterface: CardInterface;
  readonly atr: Uint8Array;
  readonly warnings: readonly string[];
}

/**
 * `vitap replay TRACE --as-card`: is the card that answered, and judges the terminal.
 * @returns 0 the terminal did as recorded, 1 it did not, 2 it did nothing
 */
export async function replayAsCard(options: ReplayAsCardOptions, io: CommandIo): Promise<ExitCode> {
  const part = await loadPart(options);
  const played = await openPlayedChip(options, part.session, io);
  const report = SingleReport.open(options.outputs, options, null, io.env);
  try {
    // An antenna is contactless whatever the trace was recorded through.
    const usual = linkDriver(options.link).interface ?? part.cardInterface;
    const link = await openLink(options.link, options.interface ?? usual, options.wait);
    const recording = report === null ? options : { ...options, record: report.record };
    return await serveReplay(link, part, played, recording, report, io);
  } finally {
    played?.wipe();
    report?.close();
  }
}

async function serveReplay(
  link: CardLink,
  part: Part,
  played: PlayedChip | null,
  options: ReplayAsCardOptions,
  report: SingleReport | null,
  io: CommandIo,
): Promise<ExitCode> {
  const startedAt = new Date().toISOString();
  const startNs = systemClock.nowNs();
  const printer = entryPrinter(io);
  const tally = new ReplayTally();
  const backend = await linkDriver(options.link).backend(options.link);
  const judge = part.session === null ? null : new TerminalJudge(part.session.exchanges, options.match);
  const ruleCard = part.rules === null ? null : new RuleCard(part.rules, new Scope(part.secrets, replayWorld()));
  const stop = (): void => link.stop();
  const notes = new Set<string>();
  let unable: string | null = null;
  const card = new ReplayedCard({
    atr: part.atr,
    channel: played?.channel ?? null,
    rules: ruleCard,
    judge,
    otherwise: part.rules?.otherwise?.bytes(noValue) ?? DEFAULT_OTHERWISE,
    responseTime:
      part.rules?.responseTimeMs != null && options.responseTime === 'none'
        ? part.rules.responseTimeMs
        : options.responseTime,
    largestAnswer: link.limits.largestResponse,
    clock: systemClock,
    keepSecrets: options.keepSecrets,
    onEntry: (entry) => {
      tally.add(entry);
      printer.entry(entry);
      report?.entry(entry);
      // Of the PASS that is less than it looks.
      if (played !== null && entry.verdict === 'PASS' && entry.problem !== null) notes.add(entry.problem);
      if (played !== null && entry.verdict === 'INCONCLUSIVE') unable ??= entry.problem;
    },
    onSessionEnd: () => {
      // Not from inside a call of the link's own.
      if (options.once && judge?.anotherSession !== true) setImmediate(stop);
    },
  });
  const trace = await openRecord(link, part, backend, options);
  const timer = options.forMs === null ? null : setTimeout(stop, options.forMs);
  io.signal.addEventListener('abort', stop);
  if (!io.json)
    io.stderr(
      `${shown(describe(part))}, on ${link.name}. ${options.once ? 'Waiting for a terminal.' : 'Ctrl-C ends it.'}\n`,
    );
  try {
    await link.serve(card, (event: LinkEvent) => {
      if (trace !== null) recordLink(trace, event, part.atr);
      if (event.type === 'waiting')
        io.stderr('The reader takes no notice: another card emulator seems to hold this slot.\n');
    });
  } finally {
    if (timer !== null) clearTimeout(timer);
    io.signal.removeEventListener('abort', stop);
    await trace?.close();
  }
  const sent = tally.counts.PASS + tally.counts.FAIL > 0;
  if (sent) card.end();
  const warnings = [
    ...part.warnings,
    ...(played?.warnings ?? []),
    ...notes,
    ...(part.session === null ? [] : (ruleCard?.unused ?? []).map((name) => `the answer "${name}" was never given`)),
  ];
  const summary: ReplaySummary = {
    id: 'replay',
    mode: 'as-card',
    verdict: tally.verdict(part.session?.problem == null),
    counts: tally.counts,
    retries: tally.retries,
    trace: part.trace,
    peer: link.name,
    backend,
    protocol: null,
    atr: { expected: part.session?.atr ?? null, got: hexOf(part.atr) },
    rules: options.rules ?? (part.session === null ? options.trace : null),
    pace: typeof options.responseTime === 'number' ? `${options.responseTime} ms` : options.responseTime,
    startedAt,
    durationNs: systemClock.nowNs() - startNs,
    firstDivergence: tally.firstDivergence,
    problem: part.session?.problem ?? (sent ? unable : 'no terminal sent anything'),
    warnings,
  };
  printer.end(summary);
  for (const warning of warnings) io.stderr(`vitap: ${shown(warning)}\n`);
  if (summary.problem !== null) io.stderr(`vitap: ${shown(summary.problem)}\n`);
  await report?.write(summary, io);
  if (summary.verdict === 'FAIL') return EXIT.fail;
  return summary.verdict === 'PASS' ? EXIT.pass : EXIT.cannotRun;
}

/** @throws {CannotRun} nothing in it that a card could answer */
async function loadPart(options: ReplayAsCardOptions): Promise<Part> {
  const secrets = options.secrets === null ? NO_SECRETS : readSecrets(options.secrets);
  const alone = options.from === null && isRules(options.trace);
  if (alone && options.rules !== null) {
    throw new CannotRun(`${options.trace} is a file of rules already; --rules goes with a trace`);
  }
  const ruleSet = alone ? readRules(options.trace) : options.rules === null ? null : readRules(options.rules);
  const rules = ruleSet?.card ?? null;
  if (ruleSet !== null && rules === null) {
    throw new CannotRun(`${ruleSet.name} has no \`card\`: its rules are for a replay to a card`);
  }
  if (alone) {
    const trace = {
      file: options.trace,
      format: 'rules',
      source: 'rules',
      backend: 'unknown',
      startedAt: null,
    } as const;
    const atr = rules?.atr ?? atrFromAts(rules?.ats ?? null) ?? PLAIN_ATR;
    return {
      session: null,
      rules,
      ruleSet,
      secrets,
      trace,
      cardInterface: rules?.interface ?? 'contact',
      atr,
      warnings: [],
    };
  }
  const opened = await openTraceFile(options.trace, options.from);
  try {
    const count = { protected: 0, opened: 0 };
    const session = await loadSession(await playedSource(opened.source, options.keys ?? null, count), secrets);
    if (options.keys != null && count.opened === 0) throw new CannotRun(openedInWords(count, options.keys));
    if (session.exchanges.length === 0 && rules === null) {
      throw new CannotRun(session.problem ?? `${options.trace} has no answers to give`);
    }
    const { header } = opened.source;
    const known = rules?.atr ?? (session.atr === null ? null : bytesOfHex(session.atr));
    const fromAts = atrFromAts(session.ats === null ? null : bytesOfHex(session.ats));
    const atr = usable(known) ?? fromAts ?? PLAIN_ATR;
    return {
      session,
      rules,
      ruleSet,
      secrets,
      trace: {
        file: options.trace,
        format: opened.importer.name,
        source: header.source,
        backend: header.backend,
        startedAt: header.startedAt,
      },
      cardInterface: rules?.interface ?? (header.interface === 'wired' ? null : header.interface) ?? 'contact',
      atr,
      warnings: [
        ...(count.opened < count.protected ? [openedInWords(count, options.keys ?? '')] : []),
        ...warningsOf(session, usable(known) === null && fromAts === null, atr, options.trace),
      ],
    };
  } finally {
    await opened.close();
  }
}

function warningsOf(session: RecordedSession, noAtr: boolean, atr: Uint8Array, file: string): string[] {
  const warnings: string[] = [];
  if (noAtr) warnings.push(`${file} has no ATR: ${hexOf(atr)} is shown`);
  if (session.unanswered > 0)
    warnings.push(`${counted(session.unanswered, 'command')} of ${file} without an answer, not known to the card`);
  if (session.maskedBytes > 0)
    warnings.push(`${counted(session.maskedBytes, 'masked byte is', 'masked bytes are')} answered as the digit 0`);
  return warnings;
}

/** By its ending or its content: rules are YAML, which no trace is. */
function isRules(path: string): boolean {
  return /\.ya?ml$/i.test(path) && /^\s*(?:#.*\n\s*)*(?:version|card|rules)\s*:/.test(head(path));
}

function head(path: string): string {
  return readInputText(path, 'a rules file').slice(0, 65_536);
}

/** TS and T0 at least; one byte would hang a reader's driver. */
function usable(atr: Uint8Array | null): Uint8Array | null {
  return atr !== null && atr.length >= 2 ? atr : null;
}

/** As a PC/SC reader shows a contactless card: `3B 8n 80 01`, the historical bytes of its ATS, and their checksum. */
function atrFromAts(ats: Uint8Array | null): Uint8Array | null {
  if (ats === null || ats.length < 1) return null;
  const format = ats[1] ?? 0;
  const interfaceBytes = [0x10, 0x20, 0x40].filter((bit) => (format & bit) !== 0).length;
  const historical =
    ats.length < 2 ? new Uint8Array(0) : ats.subarray(2 + interfaceBytes, 2 + interfaceBytes + MOST_HISTORICAL_BYTES);
  const body = [0x80 | historical.length, 0x80, 0x01, ...historical];
  return Uint8Array.of(
    0x3b,
    ...body,
    body.reduce((sum, byte) => sum ^ byte, 0),
  );
}

function openRecord(
  link: CardLink,
  part: Part,
  backend: ReplaySummary['backend'],
  { record, trace }: ReplayAsCardOptions,
): Promise<TraceWriter> | null {
  if (record.file === null) return null;
  const description = {
    source: `vitap replay ${trace} --as-card`,
    backend,
    reader: link.name,
    interface: link.interface,
    atr: part.atr,
    card: `replay of ${trace}`,
  };
  return TraceWriter.create(record.file, description, secrecyOf(record));
}

function describe({ session, rules, trace }: Part): string {
  const parts = [
    ...(session === null ? [] : [counted(session.exchanges.length, 'exchange')]),
    ...(rules === null ? [] : [counted(rules.answers.length, 'rule')]),
  ];
  return `${trace.file} as a card: ${parts.join(' and ')}`;
}

function noValue(name: string): never {
  throw new TemplateError(`${name} has no value here`);
}
