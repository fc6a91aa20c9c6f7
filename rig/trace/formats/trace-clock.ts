import { counted } from '../../report/words.ts';
import type { Losses } from '../stream.ts';

const NS_PER_DAY = 86_400_000_000_000;

/** What a step of the clock is listed as. */
const STEPS = 'steps of the clock of more than 104 days (times go on without them)';

/** A time of a trace, and what is to be noted with it. */
export interface TraceTime {
  /** Whole nanoseconds since the first. */
  readonly t: number;
  /** The clock was set in between: a sentence for a note; null for an ordinary time. */
  readonly step: string | null;
}

/**
 * Times since the first. A trace counts nanoseconds as safe integers, which is 104 days to either side; a clock that was
 * set by more goes on where it was, and the step is noted.
 */
export class TraceClock {
  readonly #losses: Losses;
  #startNs: bigint | null = null;
  /** The time that `t` 0 stands for; after a clock step it differs from the start. */
  #originNs = 0n;
  #last = 0;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  /** The first time that came. */
  get startNs(): bigint | null {
    return this.#startNs;
  }

  /** The last `t` that was given. */
  get last(): number {
    return this.#last;
  }

  at(ns: bigint): TraceTime {
    if (this.#startNs === null) {
      this.#startNs = ns;
      this.#originNs = ns;
    }
    const t = Number(ns - this.#originNs);
    if (Number.isSafeInteger(t)) {
      this.#last = t;
      return { t, step: null };
    }
    const days = Math.round((t - this.#last) / NS_PER_DAY);
    this.#originNs = ns - BigInt(this.#last);
    this.#losses.add(STEPS);
    return { t: this.#last, step: stepSentence(days) };
  }
}

function stepSentence(days: number): string {
  const way = days < 0 ? 'back' : 'forward';
  return `the clock was set ${way} by ${counted(Math.abs(days), 'day')} here; times go on without the step`;
}
