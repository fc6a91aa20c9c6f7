import type { Crypto } from '../../../src/hal/crypto.ts';
import { type CurveOperation, noting } from './curve-operations.ts';
import { type Spent, timed } from './timed.ts';

/** Before a tap: what needs nothing of the other side. In it: the rest. */
export type Phase = 'before' | 'tap';

/** One side of one run: the time of each of its steps, and the curve operations that they asked for. */
export class Stopwatch {
  /** To be given to this side. */
  readonly crypto: Crypto;
  readonly steps: Readonly<Record<Phase, Spent[]>> = { before: [], tap: [] };
  readonly operations: Readonly<Record<Phase, CurveOperation[]>> = { before: [], tap: [] };
  #phase: Phase = 'tap';

  constructor(crypto: Crypto) {
    this.crypto = noting(crypto, (operation) => void this.operations[this.#phase].push(operation));
  }

  /** Runs one step of this side and keeps its time. */
  time<T>(phase: Phase, step: () => T): T {
    this.#phase = phase;
    const { result, spent } = timed(step);
    this.steps[phase].push(spent);
    return result;
  }
}
