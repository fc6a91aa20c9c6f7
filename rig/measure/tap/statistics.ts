import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { CONFIDENCE, type Distribution, type Estimate, HISTOGRAM_UNIT_NS } from './result.ts';

/** Longest value of a histogram: ten minutes, so that all histograms can be added. */
const LONGEST_UNITS = (600 * 1e9) / HISTOGRAM_UNIT_NS;
const SIGNIFICANT_DIGITS = 3;

/** @param values in nanoseconds, at least one */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  if (n === 0) throw new RangeError('no values have no distribution');
  const at = (share: number): Estimate => quantile(sorted, share);
  return {
    n,
    mean: Math.round(sorted.reduce((sum, each) => sum + each, 0) / n),
    min: sorted[0] as number,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: sorted[n - 1] as number,
    histogram: histogramOf(sorted),
  };
}

/**
 * A quantile with its bootstrap interval. The share of resamples whose quantile does not exceed a value of the sample
 * is a binomial tail, so the interval is that of infinitely many resamples, and needs no random numbers.
 */
export function quantile(sorted: Float64Array, share: number): Estimate {
  const n = sorted.length;
  const rank = rankOf(n, share);
  const tail = (1 - CONFIDENCE) / 2;
  // The smallest value that a resample's quantile reaches with at least this probability.
  const reached = (probability: number): number => {
    let low = 1;
    let high = n;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (binomialTail(n, middle / n, rank) >= probability) high = middle;
      else low = middle + 1;
    }
    return sorted[low - 1] as number;
  };
  return { value: sorted[rank - 1] as number, low: reached(tail), high: reached(1 - tail) };
}

/** The smallest place of a sorted sample that this share of it does not exceed, counted from 1. */
export function rankOf(n: number, share: number): number {
  // Shares such as 0.99 are not exact in binary: 0.99 of 100 is the 99th and no other.
  return Math.min(Math.max(Math.ceil(share * n - 1e-9), 1), n);
}

/** @param values at least one, in any order */
export function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[rankOf(sorted.length, 0.5) - 1] as number;
}

/** Probability of at least `least` successes in `n` trials. */
export function binomialTail(n: number, probability: number, least: number): number {
  if (least <= 0 || probability >= 1) return 1;
  if (probability <= 0) return 0;
  return incompleteBeta(probability, least, n - least + 1);
}

/** Regularised incomplete beta function, by Lentz's continued fraction. */
function incompleteBeta(x: number, a: number, b: number): number {
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges quickly on one side of the mean only.
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

const LARGEST_STEPS = 10_000;
const ENOUGH = 1e-13;
const TINY = 1e-300;

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < LARGEST_STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / notZero(1 + even * d);
    c = notZero(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / notZero(1 + odd * d);
    c = notZero(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < ENOUGH) break;
  }
  return result;
}

function notZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** Stirling's series, after a shift to where it is exact enough. */
function logGamma(value: number): number {
  let x = value;
  let shift = 0;
  while (x < 10) shift -= Math.log(x++);
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}

/** Of negative values, which a residual can have, as of 0. */
function histogramOf(values: Float64Array): string {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_UNITS,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    bitBucketSize: 32,
  });
  for (const ns of values) {
    histogram.recordValue(Math.min(Math.max(Math.round(ns / HISTOGRAM_UNIT_NS), 0), LONGEST_UNITS));
  }
  return encodeIntoCompressedBase64(histogram);
}

/** A histogram of a result, to look into or to add to another. */
export function readHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text, 32, false);
}
