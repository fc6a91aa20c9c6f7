import type { HalError } from '../../../src/hal/errors.ts';
import type { CardDeclaration } from './declaration.ts';

/** What a case comes to. They are never merged: an inconclusive case says nothing for the card and nothing against it. */
export const VERDICTS = ['pass', 'fail', 'inconclusive', 'not-applicable'] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * What an answer must be.
 *
 * A pattern is hex in which `X` stands for any digit, `{name}` for a captured value, a last `*` for any more bytes, and
 * `|` between alternatives.
 * A response whose status word says error must be without data: that is judged always, and not stated here.
 */
export interface Expectation {
  /** Status words that the standard gives, as patterns: `9000`, `6A82|6A88`, `63CX`, `64XX|65XX`. */
  readonly status: string;
  /** The one among them that a card with these decisions gives; see {@link CardDeclaration.decisions}. */
  readonly decided?: string;
  /** Pattern of the whole data field. */
  readonly data?: string;
  /** The one that a card with these decisions gives, where the standard leaves more open. */
  readonly decidedData?: string;
  /** Bytes in the data field: exactly, or from and to. */
  readonly length?: number | readonly [from: number, to: number];
  /** Data objects by the tags that lead to them (`62/82`), with a pattern of the value; null: must not be there. */
  readonly objects?: Readonly<Record<string, string | null>>;
}

/** What is kept of an answer under a name: some bytes of the data, the value of a data object, or the status word. */
export type Capture =
  | { readonly from: number; readonly length: number }
  | { readonly object: string }
  | { readonly status: true };

/** `given`: brings the card into the state for the case; when it fails nothing can be judged. */
export type StepRole = 'given' | 'judged';

export interface CommandStep {
  readonly kind: 'command';
  readonly role: StepRole;
  readonly words: string;
  /** Hex, spaces allowed; `{name}` is a captured value. */
  readonly command: string;
  readonly expect: Expectation;
  readonly capture?: Readonly<Record<string, Capture>>;
}

export interface PowerStep {
  readonly kind: 'power';
  readonly mode: 'cold' | 'warm';
}

/** One command for each value, all answered alike. A sweep is one step and its case counts once. */
export interface SweepStep {
  readonly kind: 'sweep';
  readonly words: string;
  /** With `{value}` where each of the values goes. */
  readonly command: string;
  readonly values: readonly string[];
  readonly expect: Expectation;
  /** Sent before each, its answer not looked at: brings the card back to where the sweep is meant to be. */
  readonly before?: string;
}

/**
 * A command that a terminal makes when it is its turn, from what the card has answered before: in the steps of a protocol
 * and inside a channel nothing can be written down beforehand.
 */
export interface TerminalStep {
  readonly kind: 'terminal';
  readonly role: StepRole;
  readonly words: string;
  /** The command, or null: the step is left out. */
  make(): Uint8Array | null;
  /**
   * What is judged of an answer, status word included; absent: the answer as it came.
   * @throws {ChannelError} what a terminal does not believe, which is a fault of the card
   */
  open?(response: Uint8Array): Uint8Array;
  readonly expect: Expectation;
  /** What the terminal makes of an answer that is as expected. @throws {ChannelError} it is not, after all */
  take?(response: Uint8Array): void;
}

export type Step = CommandStep | PowerStep | SweepStep | TerminalStep;

/** A part of a card that a case works on, found in the declaration. */
export interface Need<T> {
  /** What is needed, for people: `a transparent EF, free to read, of 16 bytes or more`. */
  readonly words: string;
  find(card: CardDeclaration): T | null;
}

export interface CaseHeader {
  /** `SEL-017`: stays the same as long as the case means the same. */
  readonly id: string;
  readonly title: string;
  /** With the edition when the clause is stated. */
  readonly standard: string;
  /** Only where it was looked up. */
  readonly clause?: string;
  /** Names of the commands that it is about, as in the command tables. */
  readonly commands: readonly string[];
  /** Status words that it means to reach, as patterns. */
  readonly statusWords: readonly string[];
  /** Writes files, spends tries or ends something for good: only on a copy, or where the user said so. */
  readonly destructive: boolean;
}

/** A case before it meets a card. */
export interface ConformanceCase extends CaseHeader {
  readonly needs: readonly Need<unknown>[];
  /** Binds the case to a card. @returns the steps, or the words of the first need that the card does not meet */
  bind(card: CardDeclaration): readonly Step[] | string;
}

/** What a suite is, without its cases. */
export interface SuiteAbout {
  readonly name: string;
  readonly title: string;
  /** What the first part of an id stands for, for reports. */
  readonly groups: Readonly<Record<string, string>>;
  /** Whether it means to reach every command and status word; only then is it told what it did not reach. */
  readonly complete: boolean;
  /** Whether its cases open a secure channel: then the card is asked before what it offers. */
  readonly channel?: boolean;
}

export interface Suite extends SuiteAbout {
  readonly cases: readonly ConformanceCase[];
}

/** One exchange of a step, or the power going off and on. */
export interface StepRecord {
  readonly role: StepRole | 'power' | 'sweep';
  readonly words: string;
  readonly command: string;
  readonly response: string;
  readonly expected: string;
  /** What is wrong with the response, one sentence each; empty when nothing is. */
  readonly faults: readonly string[];
}

export interface CaseResult extends CaseHeader {
  readonly verdict: Verdict;
  /** What the link died of in the middle of it; absent: it did not. No part of reports: the reason says it. */
  readonly linkError?: HalError;
  /** One sentence; empty for a pass. */
  readonly reason: string;
  /** Not applicable because the link cannot carry a command of the case. */
  readonly linkLimited: boolean;
  readonly steps: readonly StepRecord[];
  /** Answers to judged steps, for the account of what was reached: first header, then status word. */
  readonly reached: readonly Reached[];
  readonly exchanges: number;
  /** From the reset before the case to its last answer, in milliseconds. */
  readonly durationMs: number;
}

export interface Reached {
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly sw: number;
}

/** How many results there are of each verdict. */
export function countVerdicts(results: readonly CaseResult[]): Readonly<Record<Verdict, number>> {
  const counts = { pass: 0, fail: 0, inconclusive: 0, 'not-applicable': 0 };
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}
