import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { LinkedCard } from '../../../src/hal/card-link.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import { EntryRedactor } from './entry-redaction.ts';
import { hexOf } from './hex-template.ts';
import type { ReplayEntry } from './model.ts';
import { waitShortly } from './pace.ts';
import type { RuleCard } from './rule-card.ts';
import { entryOf, type TerminalJudge } from './terminal-judge.ts';

/** How long a card takes to answer: as recorded, no longer than it must, or so many milliseconds. */
export type ResponseTime = 'recorded' | 'none' | number;

export interface ReplayedCardOptions {
  readonly atr: Uint8Array;
  /** Answers before the trace does; null for none. */
  readonly rules: RuleCard | null;
  /** null for a card of rules alone. */
  readonly judge: TerminalJudge | null;
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
    const { rules, judge, responseTime } = this.#options;
    const hex = hexOf(buffer.subarray(offset, offset + length));
    const usualMs =
      typeof responseTime === 'number'
        ? responseTime
        : responseTime === 'recorded'
          ? (judge?.longestNs(hex) ?? 0) / 1_000_000
          : 0;
    const ms = Math.max(usualMs, rules?.longestMs(hex) ?? 0);
    return Math.ceil(Math.min(ms, LONGEST_RESPONSE_MS) * 1000);
  }

  process(buffer: Uint8Array, offset: number, length: number): number {
    const { clock, rules, judge, responseTime, otherwise } = this.#options;
    const arrivedNs = clock.nowNs();
    this.#commands++;
    const command = copyBytes(buffer, offset, offset + length);
    const hex = hexOf(command);
    const byRule = rules?.answer(command) ?? null;
    let recordedNs: number | null = null;
    let answer: string;
    let entries: readonly ReplayEntry[];
    if (byRule !== null) {
      answer = byRule.answer;
      judge?.passBy(hex);
      entries = [{ ...entryOf(null, hex), expected: answer, rule: byRule.rule.name, ...fault(byRule.problem) }];
    } else if (judge !== null) {
      const judged = judge.command(hex);
      recordedNs = judged.match?.tookNs ?? null;
      answer = judged.match?.answer ?? hexOf(otherwise);
      entries = judged.entries;
    } else {
      answer = hexOf(otherwise);
      entries = [unknown(hex, rules?.state ?? '')];
    }
    let bytes: Uint8Array = Buffer.from(answer.replaceAll('XX', MASKED).replaceAll('X', '0'), 'hex');
    let odd: string | null = null;
    const largest = Math.min(this.#options.largestAnswer ?? LARGEST_ANSWER, LARGEST_ANSWER);
    if (bytes.length < 2 || bytes.length > largest) {
      odd = `an answer of ${bytes.length} bytes cannot be given: ${bytes.length < 2 ? 'it takes 2' : `the link carries ${largest}`}`;
      bytes = Uint8Array.of(0x6f, 0x00);
    }
    this.response.set(bytes);
    judge?.answered(command, bytes);
    const wantedMs = byRule?.rule.responseTimeMs ?? (typeof responseTime === 'number' ? responseTime : null);
    const waitNs = wantedMs !== null ? wantedMs * 1_000_000 : responseTime === 'recorded' ? (recordedNs ?? 0) : 0;
    if (waitNs > 0) waitShortly(arrivedNs + Math.min(waitNs, LONGEST_RESPONSE_MS * 1_000_000), clock);
    const tookNs = clock.nowNs() - arrivedNs;
    entries.forEach((entry, i) => {
      const own = i === entries.length - 1;
      if (!own) this.#report(entry);
      else
        this.#report({ ...entry, got: hexOf(bytes), time: this.#time(arrivedNs, tookNs, recordedNs), ...fault(odd) });
    });
    return bytes.length;
  }

  /** The terminal is gone for good: tells what it never sent. */
  end(): void {
    for (const entry of this.#options.judge?.end() ?? []) this.#report(entry);
  }

  #power(): void {
    this.#options.rules?.reset();
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
