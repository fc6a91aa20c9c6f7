import { build, type Histogram } from 'hdr-histogram-js';

/** Longest time that is told apart, in nanoseconds: an hour. */
const LONGEST_NS = 3_600_000_000_000;
/** Three digits: a figure is right to a thousandth, however long it is. */
const DIGITS = 3;

/** What a distribution of times says; all in microseconds. */
export interface LatencyFigures {
  readonly n: number;
  readonly meanUs: number;
  readonly p50us: number;
  readonly p90us: number;
  readonly p99us: number;
  readonly p999us: number;
  readonly maxUs: number;
}

/** Times in a histogram of fixed size (HdrHistogram), whatever their number. */
export class Latencies {
  readonly #histogram: Histogram = build({
    highestTrackableValue: LONGEST_NS,
    numberOfSignificantValueDigits: DIGITS,
    bitBucketSize: 32,
  });

  record(us: number): void {
    this.#histogram.recordValue(Math.min(Math.max(Math.round(us * 1000), 0), LONGEST_NS));
  }

  reset(): void {
    this.#histogram.reset();
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  figures(): LatencyFigures {
    const histogram = this.#histogram;
    // A value stands for the highest that it cannot be told from: that may be over the longest that was recorded.
    const at = (percentile: number): number =>
      Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / 1000;
    return {
      n: histogram.totalCount,
      meanUs: histogram.mean / 1000,
      p50us: at(50),
      p90us: at(90),
      p99us: at(99),
      p999us: at(99.9),
      maxUs: histogram.maxValue / 1000,
    };
  }
}
