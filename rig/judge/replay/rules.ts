import type { HexTemplate } from './hex-template.ts';
import type { Location } from './location.ts';
import type { Plug } from './plugs.ts';

/*
 * Rules as data: how a recorded answer is compared with a live one, and what an emulated card answers. They come from
 * a YAML file (rules-file.ts) or are learnt from traces (synth.ts).
 */

/** How much a time may differ from the recorded one: nanoseconds, or a part of the recorded time. */
export interface DeviationLimit {
  /** Either a number of nanoseconds, or null. */
  readonly ns: number | null;
  /** 0.2 for 20 %, or null. */
  readonly part: number | null;
  /** Only a longer time counts, not a shorter one. */
  readonly slowerOnly: boolean;
}

export interface Capture {
  readonly name: string;
  readonly from: Location;
  /** Wherever the recorded bytes stand in later commands and answers, the live ones take their place. */
  readonly follow: boolean;
}

export interface Computation {
  readonly name: string;
  readonly plug: Plug;
  /** As written: names of keys, and numbers. */
  readonly texts: ReadonlyMap<string, string>;
  readonly templates: ReadonlyMap<string, HexTemplate>;
}

/** A big-endian number in an answer, and its bounds, both included. */
export interface Range {
  readonly at: Location;
  readonly from: bigint;
  readonly to: bigint;
}

/** `same`: as in the trace. `same-class`: its first byte as in the trace. Otherwise four digits each, with `X`. */
export type StatusRule = 'same' | 'same-class' | 'any' | readonly string[];

/** How one exchange, or many alike, are replayed to a card. */
export interface ReplayRule {
  readonly name: string;
  /** Numbers of exchanges, from 1, both ends included; null for any. */
  readonly exchanges: readonly { readonly from: number; readonly to: number }[] | null;
  /** The recorded command must fit; null for any. */
  readonly command: HexTemplate | null;
  /** What is sent in place of the recorded command. */
  readonly send: HexTemplate | null;
  /** The whole answer, status word included. */
  readonly answer: 'same' | 'any' | HexTemplate;
  readonly status: StatusRule | null;
  readonly mask: readonly Location[];
  /** Ways of tags whose data objects may differ, be missing or be there besides. */
  readonly ignoreTags: readonly (readonly string[])[];
  readonly ranges: readonly Range[];
  readonly capture: readonly Capture[];
  readonly compute: readonly Computation[];
  readonly maxDeviation: DeviationLimit | null;
  /** How often the command is sent again while the answer diverges. */
  readonly retries: number;
  /** Not sent at all. */
  readonly skip: boolean;
}

/** What an emulated card answers to commands of a pattern. */
export interface AnswerRule {
  readonly name: string;
  readonly command: HexTemplate;
  /** States in which it holds; null for any. */
  readonly states: readonly string[] | null;
  /** Given in turn; the last one stays. */
  readonly answers: readonly HexTemplate[];
  /** The state afterwards; null: it stays. */
  readonly next: string | null;
  /** Places of the command only. */
  readonly capture: readonly Capture[];
  readonly compute: readonly Computation[];
  /** What the command must hold, or another answer is given and the state stays. */
  readonly check: { readonly at: Location; readonly value: HexTemplate; readonly otherwise: HexTemplate } | null;
  /** Milliseconds; null for what the card says. */
  readonly responseTimeMs: number | null;
}

/** A card made of rules. */
export interface CardRules {
  readonly atr: Uint8Array | null;
  readonly ats: Uint8Array | null;
  readonly interface: 'contact' | 'contactless' | null;
  /** The answer to unknown commands; null: 6F00. */
  readonly otherwise: HexTemplate | null;
  readonly responseTimeMs: number | null;
  readonly answers: readonly AnswerRule[];
}

export interface RuleSet {
  /** The file, for people. */
  readonly name: string;
  readonly rules: readonly ReplayRule[];
  /** What holds for an exchange that no rule names. */
  readonly ignoreTags: readonly (readonly string[])[];
  readonly status: StatusRule | null;
  readonly maxDeviation: DeviationLimit | null;
  readonly card: CardRules | null;
}

/** The state of a card after a reset. */
export const START = 'start';

export const NO_RULES: RuleSet = {
  name: 'no rules',
  rules: [],
  ignoreTags: [],
  status: null,
  maxDeviation: null,
  card: null,
};
