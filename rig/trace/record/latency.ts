import { Latencies } from '../../figures/latencies.ts';

/** Times in microseconds. */
export interface LatencySummary {
  readonly exchanges: number;
  readonly medianUs: number | null;
  readonly p99Us: number | null;
  readonly worstUs: number | null;
}

const NS_PER_US = 1000;

/** What a relay adds to exchanges: any number of them in constant memory, to three digits. */
export class AddedLatency {
  readonly #latencies = new Latencies();

  /**
   * @param relayNs from the command's arrival at the relay until the answer was ready to go back
   * @param cardNs how long the card's reader took for it
   */
  add(relayNs: number, cardNs: number): void {
    this.#latencies.record((relayNs - cardNs) / NS_PER_US);
  }

  get summary(): LatencySummary {
    const { n, p50us, p99us, maxUs } = this.#latencies.figures();
    if (n === 0) return { exchanges: 0, medianUs: null, p99Us: null, worstUs: null };
    return { exchanges: n, medianUs: p50us, p99Us: p99us, worstUs: maxUs };
  }
}
