import type { Clock } from '../../src/hal/clock.ts';
import type { Timers } from '../../src/hal/pn532/transport.ts';

/** How late this program itself was: what came in time may have been seen too late. */
export interface Lateness {
  /** The longest that a timer was late, in milliseconds. */
  readonly longestMs: number;
  /** The time of all delays over `NOTICED_MS`, in milliseconds. */
  readonly totalMs: number;
}

/** The longest lateness in any phase of a test; null when it was not watched. */
export function longestLatenessMs(phases: readonly { readonly lateness: Lateness | null }[]): number | null {
  const watched = phases.flatMap(({ lateness }) => (lateness === null ? [] : [lateness.longestMs]));
  return watched.length === 0 ? null : Math.max(...watched);
}

const PERIOD_MS = 10;
/** A timer of an idle machine is late by a millisecond or two. */
const NOTICED_MS = 5;
/**
 * From here on what is judged by time is not the board's: half of the 100 ms that the chip has for its
 * acknowledgement. Unit: ms.
 */
export const TOO_LATE_MS = 50;

/** Sets a timer again and again and looks at the clock how late it is. */
export class LatenessWatch {
  readonly #clock: Pick<Clock, 'nowNs'>;
  readonly #timers: Timers;
  #cancel: (() => void) | null = null;
  #dueNs = 0;
  #longestMs = 0;
  #totalMs = 0;

  /** Both of this machine, never of a simulation. */
  constructor(clock: Pick<Clock, 'nowNs'>, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  start(): void {
    this.#longestMs = this.#totalMs = 0;
    this.#arm();
  }

  /** @returns how late it was since `start` */
  stop(): Lateness {
    this.#cancel?.();
    this.#cancel = null;
    // A phase can end in the very turn of the event loop that was late.
    this.#look();
    return { longestMs: this.#longestMs, totalMs: this.#totalMs };
  }

  #arm(): void {
    this.#dueNs = this.#clock.nowNs() + PERIOD_MS * 1e6;
    this.#cancel = this.#timers.after(PERIOD_MS, () => {
      this.#look();
      this.#arm();
    });
  }

  #look(): void {
    const lateMs = (this.#clock.nowNs() - this.#dueNs) / 1e6;
    if (lateMs > this.#longestMs) this.#longestMs = lateMs;
    if (lateMs > NOTICED_MS) this.#totalMs += lateMs;
  }
}
