import { build } from 'hdr-histogram-js';

/** Times in microseconds. */
export interface LatencySummary {
  readonly exchanges: number;
  readonly medianUs: number | null;
  readonly p99Us: number | null;
  readonly worstUs: number | null;
}

const NS_PER_US = 1000;
/** What is longer counts as this. */
const LONGEST_NS = 60_000_000_000;

/** What a relay adds to exchanges: any number of them in constant memory, to three digits. */
export class AddedLatency {
  readonly #histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_NS,
    numberOfSignificantValueDigits: 3,
  });

  /**
   * @param relayNs from the command's arrival at the relay until the answer was ready to go back
   * @param cardNs how long the card's reader took for it
   */
  add(relayNs: number, cardNs: number): void {
    this.#histogram.recordValue(Math.min(LONGEST_NS, Math.max(0, Math.round(relayNs - cardNs))));
  }

  get summary(): LatencySummary {
    const exchanges = this.#histogram.totalCount;
    const at = (percentile: number): number | null =>
      exchanges === 0 ? null : this.#histogram.getValueAtPercentile(percentile) / NS_PER_US;
    return { exchanges, medianUs: at(50), p99Us: at(99), worstUs: at(100) };
  }
}
