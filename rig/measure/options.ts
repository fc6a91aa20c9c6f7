import type { CurveName } from '../../src/hal/crypto.ts';
import type { CardSource } from '../card/card-source.ts';
import type { ReaderChoice } from '../endpoint/readers.ts';
import type { RecordChoice } from '../trace/record-choice.ts';

export interface BenchApduOptions {
  /** Null: in process, without a reader. */
  readonly reader: ReaderChoice | null;
  /** With a reader other than the loopback: what card is in it. */
  readonly card: CardSource;
  /** Commands to send for each row; null for as many as suit the way they go. */
  readonly count: number | null;
  /** CSV on standard output instead of a table. */
  readonly csv: boolean;
  readonly record: RecordChoice;
}

export interface BenchCoreOptions {
  /** Commands to send for each row. */
  readonly count: number;
  /** Numbers of files, smallest first, to see what grows with them. */
  readonly files: readonly number[];
  /** Numbers of records in one file, up to 254. */
  readonly records: readonly number[];
  /** Numbers of records on a whole card, for the time that it takes to boot. */
  readonly boots: readonly number[];
  /** Whole taps through the loopback. */
  readonly taps: number;
}

export interface BenchSoakOptions {
  readonly reader: ReaderChoice;
  /** The card behind a loopback; for another reader, what card is in it. */
  readonly card: CardSource;
  readonly durationMs: number;
  /** Taps a second, or null for one after the other. */
  readonly perSecond: number | null;
  /** How long to wait for a card at each tap. */
  readonly timeoutMs: number;
  /** The samples on standard output instead of the verdict in words. */
  readonly csv: boolean;
  readonly record: RecordChoice;
}

export interface BenchCrowdOptions {
  /** What card each of them is. */
  readonly profile: string;
  readonly cards: number;
  readonly taps: number;
  /** Taps a second, on average. */
  readonly perSecond: number;
  readonly pattern: 'even' | 'waiting-room' | 'turnstile';
  readonly seed: string;
}

export interface BenchCryptoOptions {
  /** Runs of each protocol. */
  readonly count: number;
  /** Runs before that are left out. */
  readonly warmUp: number;
  readonly curves: readonly CurveName[];
}
