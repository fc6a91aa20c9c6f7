import { rankOf } from './quantile.ts';

/** A figure and where it may lie. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A quantile with its bootstrap interval. The share of resamples whose quantile does not exceed a value of the sample
 * is a binomial tail, so the interval is that of infinitely many resamples, and needs no random numbers.
 * @param sorted in ascending order, at least one value
 * @param confidence 0 to 1
 */
export function quantileInterval(sorted: Float64Array, share: number, confidence: number): Interval {
  const n = sorted.length;
  const rank = rankOf(n, share);
  const tail = (1 - confidence) / 2;
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
