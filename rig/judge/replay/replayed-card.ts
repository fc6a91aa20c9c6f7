import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { INS } from '../../../src/apdu/instruction.ts';
import { EXPECTED_MICROSECONDS } from '../../../src/applet/expected-time.ts';
import type { LinkedCard } from '../../../src/hal/card-link.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import { EntryRedactor } from './entry-redaction.ts';
import { hexOf } from './hex-template.ts';
import type { ReplayEntry } from './model.ts';
import { waitShortly } from './pace.ts';
import type { ArrivedCommand, PlayedChannel, StepAnswer } from './played-channel.ts';
import type { RuleCard } from './rule-card.ts';
import { entryOf, type Judged, type TerminalJudge } from './terminal-judge.ts';

/** How long a card takes to answer: as recorded, no longer than it must, or so many milliseconds. */
export type ResponseTime = 'recorded' | 'none' | number;

export interface ReplayedCardOptions {
  readonly atr: Uint8Array;
  /** Answers before the trace does; null for none. */
  readonly rules: RuleCard | null;
  /** null for a card of rules alone. */
  readonly judge: TerminalJudge | null;
  /** Opens the channels of the trace anew; absent: what was protected is answered as it was recorded. */
  readonly channel?: PlayedChannel | null;
  /** The answer to an unknown command. */
  readonly otherwise: Uint8Array;
  readonly responseTime: ResponseTime;
  /** Longest answer that the link carries, in bytes; what a vpcd message holds, if absent. */
  readonly largestAnswer?: number;
  readonly clock: Clock;
  readonly keepSecrets: boolean;
  readonly onEntry: (entry: ReplayEntry) => void;
  /** The terminal has ended its session: it had sent something, and took the power away. */
  readonly onSessionEnd: () => void;
}

/** Longest that an answer is held back: the process hears nothing meanwhile. */
const LONGEST_RESPONSE_MS = 60_000;
/** What a vpcd message holds, the least of all links that carry long answers. */
const LARGEST_ANSWER = 65_535;
/** Commands whose steps of PACE, terminal and chip authentication compute with keys. */
const COMPUTES: ReadonlySet<number> = new Set([
  INS.MANAGE_SECURITY_ENVIRONMENT,
  INS.PERFORM_SECURITY_OPERATION,
  INS.EXTERNAL_AUTHENTICATE,
  INS.GENERAL_AUTHENTICATE,
]);
/** What stands for a masked byte: a digit, since what is masked in answers are numbers of people. */
const MASKED = '30';

/**
 * A card that answers as a trace or as rules do. A response time is waited for inside `process`: a link takes one
 * command at a time anyway, and no driver needs to know.
 */
export class ReplayedCard implements LinkedCard {
  readonly response: Uint8Array = new Uint8Array(LARGEST_ANSWER);
  readonly #options: ReplayedCardOptions;
  readonly #redactor: EntryRedactor | null;
  readonly #startNs: number;
  #commands = 0;

  constructor(options: ReplayedCardOptions) {
    this.#options = options;
    this.#redactor = options.keepSecrets ? null : new EntryRedactor();
    this.#startNs = options.clock.nowNs();
  }

  atr(): Uint8Array {
    return this.#options.atr;
  }

  powerOn(): void {
    this.#power();
  }

  reset(): void {
    this.#power();
  }

  fieldOff(): void {
    const had = this.#commands > 0;
    this.#power();
    this.#commands = 0;
    if (had) this.#options.onSessionEnd();
  }

  deselect(): void {
    this.#power();
  }

  /** For links that must ask the reader for time beforehand: the longest that this command may be held back. */
  expectedMicroseconds(buffer: Uint8Array, offset: number, length: number): number {
    const { rules, judge, responseTime, channel = null } = this.#options;
    const hex = hexOf(buffer.subarray(offset, offset + length));
    const usualMs =
      typeof responseTime === 'number'
        ? responseTime
        : responseTime === 'recorded'
          ? Math.max(judge?.longestNs(hex) ?? 0, channel === null ? 0 : (judge?.longestProtectedNs ?? 0)) / 1_000_000
          : 0;
    const ms = Math.max(usualMs, rules?.longestMs(hex) ?? 0);
    const computes = channel !== null && COMPUTES.has(buffer[offset + 1] as number);
    const held = Math.ceil(Math.min(ms, LONGEST_RESPONSE_MS) * 1000);
    return computes ? held + EXPECTED_MICROSECONDS.asymmetric : held;
  }

  process(buffer: Uint8Array, offset: number, length: number): number {
    const { clock, channel = null } = this.#options;
    const arrivedNs = clock.nowNs();
    this.#commands++;
    const command = copyBytes(buffer, offset, offset + length);
    const arrived: ArrivedCommand = channel?.arrive(command) ?? { kind: 'command', plain: command, isProtected: false };
    if (arrived.kind === 'rest') return this.#give((channel as PlayedChannel).rest());
    if (arrived.kind === 'refused') return this.#refuse(command, arrived, arrivedNs);
    return this.#answer(arrived, arrivedNs);
  }

  #answer({ plain: command, isProtected }: Extract<ArrivedCommand, { kind: 'command' }>, arrivedNs: number): number {
    const { clock, rules, judge, channel = null, responseTime, otherwise } = this.#options;
    const hex = hexOf(command);
    const byRule = rules?.answer(command) ?? null;
    let recordedNs: number | null = null;
    let answer: string;
    let entries: readonly ReplayEntry[];
    let step: StepAnswer | null = null;
    if (byRule !== null) {
      answer = byRule.answer;
      judge?.passBy(hex, isProtected);
      entries = [{ ...entryOf(null, hex), expected: answer, rule: byRule.rule.name, ...fault(byRule.problem) }];
    } else if (judge !== null) {
      const judged = judge.command(hex, isProtected);
      recordedNs = judged.match?.tookNs ?? null;
      step = judged.match === null ? null : (channel?.answer(judged.match, command) ?? null);
      answer = step === null ? (judged.match?.answer ?? hexOf(otherwise)) : hexOf(step.answer);
      entries = judged.entries;
      if (step?.unable != null) judge.excuse(step.unable);
    } else {
      answer = hexOf(otherwise);
      entries = [unknown(hex, rules?.state ?? '')];
    }
    let bytes: Uint8Array = Buffer.from(answer.replaceAll('XX', MASKED).replaceAll('X', '0'), 'hex');
    let odd: string | null = null;
    const largest = Math.min(this.#options.largestAnswer ?? LARGEST_ANSWER, LARGEST_ANSWER);
    const onWire = isProtected && channel !== null ? channel.sealedLength(bytes) : bytes.length;
    if (bytes.length < 2 || onWire > largest) {
      odd = `an answer of ${onWire} bytes cannot be given: ${bytes.length < 2 ? 'it takes 2' : `the link carries ${largest}`}`;
      bytes = Uint8Array.of(0x6f, 0x00);
    }
    judge?.answered(command, bytes);
    const sent = this.#give(isProtected && channel !== null ? channel.seal(bytes) : bytes);
    if (!isProtected) channel?.settle();
    const wantedMs = byRule?.rule.responseTimeMs ?? (typeof responseTime === 'number' ? responseTime : null);
    const waitNs = wantedMs !== null ? wantedMs * 1_000_000 : responseTime === 'recorded' ? (recordedNs ?? 0) : 0;
    if (waitNs > 0) waitShortly(arrivedNs + Math.min(waitNs, LONGEST_RESPONSE_MS * 1_000_000), clock);
    const tookNs = clock.nowNs() - arrivedNs;
    entries.forEach((entry, i) => {
      if (i < entries.length - 1) {
        this.#report(entry);
        return;
      }
      const own = { ...entry, got: hexOf(bytes), time: this.#time(arrivedNs, tookNs, recordedNs) };
      this.#report({ ...own, ...stepVerdict(own, step), ...fault(odd) });
    });
    return sent;
  }

  #refuse(
    command: Uint8Array,
    { status, why }: Extract<ArrivedCommand, { kind: 'refused' }>,
    arrivedNs: number,
  ): number {
    const { clock, judge } = this.#options;
    const bytes = Uint8Array.of(status >> 8, status & 0xff);
    const hex = hexOf(command);
    const { entries }: Judged = judge?.unopened(hex, why) ?? { match: null, entries: [unknown(hex, '')] };
    const time = this.#time(arrivedNs, clock.nowNs() - arrivedNs, null);
    for (const entry of entries) this.#report({ ...entry, got: hexOf(bytes), time });
    return this.#give(bytes);
  }

  #give(bytes: Uint8Array): number {
    this.response.set(bytes);
    return bytes.length;
  }

  /** The terminal is gone for good: tells what it never sent. */
  end(): void {
    for (const entry of this.#options.judge?.end() ?? []) this.#report(entry);
  }

  #power(): void {
    this.#options.rules?.reset();
    this.#options.channel?.reset();
    for (const entry of this.#options.judge?.power() ?? []) this.#report(entry);
  }

  #time(arrivedNs: number, tookNs: number, recordedNs: number | null): ReplayEntry['time'] {
    const deviationNs = recordedNs === null ? null : tookNs - recordedNs;
    return { startNs: arrivedNs - this.#startNs, tookNs, recordedNs, deviationNs, limitNs: null, lateNs: 0 };
  }

  #report(entry: ReplayEntry): void {
    this.#options.onEntry(this.#redactor === null ? entry : this.#redactor.redact(entry));
  }
}

/** The verdict on an answer that no link carries: the rules are at fault, not the terminal. */
function fault(problem: string | null): Partial<ReplayEntry> {
  return problem === null ? {} : { problem, verdict: 'INCONCLUSIVE' };
}

/** What a step of the opening adds to the verdict: the terminal's own values are judged by the chip, not by the trace. */
function stepVerdict(entry: ReplayEntry, step: StepAnswer | null): Partial<ReplayEntry> {
  if (step === null) return {};
  if (step.fault !== null && entry.verdict !== 'FAIL') {
    const [expected, got] = [entry.expected?.slice(-4) ?? '', entry.got?.slice(-4) ?? ''];
    return {
      verdict: 'FAIL',
      divergence: { kind: 'status', offset: null, field: [], expected, got, shownFrom: null, where: step.fault },
    };
  }
  if (step.unable !== null) return entry.verdict === 'FAIL' ? { problem: step.unable } : fault(step.unable);
  return step.unchecked === null ? {} : { problem: step.unchecked };
}

function unknown(command: string, state: string): ReplayEntry {
  return {
    ...entryOf(null, command),
    verdict: 'FAIL',
    divergence: {
      kind: 'extra',
      offset: null,
      field: [],
      expected: '',
      got: command,
      shownFrom: { expected: 0, got: 0 },
      where: `no rule knows this command in the state ${state}`,
    },
  };
}
