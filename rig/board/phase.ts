import type { Clock } from '../../src/hal/clock.ts';
import type { Repairs } from '../../src/hal/pn532/repairs.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { CannotRun } from '../console/failure.ts';
import type { BoardUnderTest, TestedBoard } from './board-under-test.ts';
import type { Lateness } from './lateness.ts';
import type { MeasuredValue, Measurement, MeasurementPlan } from './measurement.ts';

/** Raw values behind a measurement, for the record and the figures. */
export interface Series {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** What a phase may use. */
export interface PhaseContext<B extends TestedBoard = BoardUnderTest> {
  readonly board: B;
  /** A second board in the same field, when there is one. */
  readonly partner: B | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Sets a measurement that the phase has announced, once. */
  measure(id: string, value: MeasuredValue): void;
  /** Keeps the raw values. */
  keep(series: Series): void;
  /** Waits by the clock of the rig. @throws {HalError} `aborted` */
  pause(ms: number): Promise<void>;
  /** Progress within the phase, for people. */
  say(text: string): void;
  /** The same reader; with a trace around it when one is to be written. */
  recorded(reader: Reader): Reader;
  /** Asks the operator to do something, when there is one; nothing otherwise. */
  instruct(text: string): Promise<void>;
}

/** One step of the test. */
export interface Phase<B extends TestedBoard = BoardUnderTest> {
  readonly id: string;
  readonly title: string;
  readonly measurements: readonly MeasurementPlan[];
  /** When the phase does not pass, the later ones are skipped. */
  readonly fatal: boolean;
  /** Does not apply without a second board. */
  readonly needsPartner?: boolean;
  run(context: PhaseContext<B>): Promise<void>;
}

/**
 * `fail`: the board is not as it must be. `error`: the rig could not judge it. `skipped`: not run, and counts neither
 * way.
 */
export type PhaseVerdict = 'pass' | 'fail' | 'error' | 'skipped';

export interface PhaseResult {
  readonly id: string;
  readonly title: string;
  readonly verdict: PhaseVerdict;
  /** Why, in one sentence; empty when it passed. */
  readonly reason: string;
  readonly startedAt: string | null;
  readonly durationMs: number;
  /** What the line of the board needed in this phase, by kind. */
  readonly repairs: Repairs;
  /** How late this machine was in this phase; null when that was not watched. */
  readonly lateness: Lateness | null;
  readonly measurements: readonly Measurement[];
  readonly series: readonly Series[];
}

/** The board is not as it must be, in a way that no measurement says. */
export class BoardFault extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'BoardFault';
  }
}

/** The rig is at fault: its port, its partner board, its settings. The board was not judged. */
export class RigFault extends CannotRun {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RigFault';
  }
}
