import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../src/hal/clock.ts';

/** How fast a trace is replayed: as fast as possible, or so many times as fast as it was recorded. */
export type Pace = 'fast' | number;

/** Timers are late by up to so much: the rest is waited for in smaller steps. */
const TIMER_SLACK_NS = 2_000_000;
/** Timers of more than 24 days fire at once. */
const LONGEST_TIMER_MS = 3_600_000;
const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));

/**
 * Keeps the pauses of a session: between an answer and the next command as much time passes as in the trace, divided
 * by the factor. A card that answers late makes all that follows late, as it would at a terminal.
 */
export class Pacer {
  readonly #pace: Pace;
  readonly #clock: Clock;
  /** End of the exchange before: in the trace, and here. */
  #recordedEndNs: number | null = null;
  #endNs = 0;

  constructor(pace: Pace, clock: Clock) {
    this.#pace = pace;
    this.#clock = clock;
  }

  /**
   * Waits until the next command is due.
   * @param recordedStartNs when it was sent in the trace
   * @returns nanoseconds by which it is late
   */
  async due(recordedStartNs: number, signal: AbortSignal): Promise<number> {
    if (this.#pace === 'fast' || this.#recordedEndNs === null) return 0;
    // A recorder's clock may have gone backwards.
    const pauseNs = Math.max(0, recordedStartNs - this.#recordedEndNs) / this.#pace;
    const dueNs = this.#endNs + pauseNs;
    await waitUntil(dueNs, this.#clock, signal);
    return Math.max(0, Math.round(this.#clock.nowNs() - dueNs));
  }

  /** The exchange has come to its end. */
  done(recordedEndNs: number, endNs: number): void {
    this.#recordedEndNs = recordedEndNs;
    this.#endNs = endNs;
  }
}

/** @throws {Error} the signal's reason */
async function waitUntil(dueNs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const longNs = dueNs - clock.nowNs() - TIMER_SLACK_NS;
    if (longNs <= 0) break;
    await pause(Math.min(longNs / 1_000_000, LONGEST_TIMER_MS), undefined, { signal });
  }
  waitShortly(dueNs, clock);
}

/**
 * Waits without giving the thread away, and without using the processor: for times that timers are too coarse for, and
 * for a card in the middle of a command, which is synchronous.
 */
export function waitShortly(dueNs: number, clock: Clock): void {
  const leftNs = dueNs - clock.nowNs();
  if (leftNs > 0) Atomics.wait(NOBODY_WAKES, 0, 0, leftNs / 1_000_000);
}
