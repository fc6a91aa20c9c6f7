/**
 * Shifts with their confidence intervals, from ranks: they believe nothing about how times are distributed, and a few wild
 * ones cannot move them. Hodges and Lehmann's estimators, with the intervals of Wilcoxon's two tests.
 */
import { ascending, median } from './quantile.ts';

export interface Shift {
  readonly value: number;
  /** Minus infinity when there are too few values for the confidence asked. */
  readonly low: number;
  readonly high: number;
}

/** Up to this many values the distribution of the statistic is counted, above it is taken as normal. */
const LARGEST_EXACT = 40;

/**
 * Shift of paired differences: the median of the means of any two of them.
 * @param widen multiplies the half-width in ranks; 1 for independent differences
 */
export function signedRankShift(differences: readonly number[], confidence: number, widen = 1): Shift {
  const means: number[] = [];
  for (let i = 0; i < differences.length; i++) {
    for (let j = i; j < differences.length; j++)
      means.push(((differences[i] as number) + (differences[j] as number)) / 2);
  }
  const n = differences.length;
  const tail = (1 - confidence) / 2;
  const exact = n <= LARGEST_EXACT && widen === 1;
  const spread = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
  const excluded = exact
    ? excludedExactly(signedRankCounts(n), tail)
    : excludedNormally((n * (n + 1)) / 4, spread * widen, tail);
  return shiftOf(means, excluded);
}

/** Shift between two independent samples: the median of all differences b − a. */
export function rankSumShift(a: readonly number[], b: readonly number[], confidence: number, widen = 1): Shift {
  const differences: number[] = [];
  for (const y of b) for (const x of a) differences.push(y - x);
  const [m, n] = [a.length, b.length];
  const tail = (1 - confidence) / 2;
  const exact = m <= LARGEST_EXACT && n <= LARGEST_EXACT && widen === 1;
  const spread = Math.sqrt((m * n * (m + n + 1)) / 12);
  const excluded = exact
    ? excludedExactly(rankSumCounts(m, n), tail)
    : excludedNormally((m * n) / 2, spread * widen, tail);
  return shiftOf(differences, excluded);
}

/** @param excluded how many of the smallest, and of the largest, lie outside of the interval; negative: none is outside */
function shiftOf(values: number[], excluded: number): Shift {
  const sorted = ascending(values);
  return {
    value: median(sorted),
    low: excluded < 0 ? Number.NEGATIVE_INFINITY : (sorted[excluded] as number),
    high: excluded < 0 ? Number.POSITIVE_INFINITY : (sorted[sorted.length - 1 - excluded] as number),
  };
}

/** The largest number of values whose leaving out keeps either tail; −1 when even the whole range is not sure enough. */
function excludedExactly(counts: Float64Array, tail: number): number {
  const all = counts.reduce((sum, each) => sum + each, 0);
  let below = 0;
  for (let statistic = 0; statistic < counts.length; statistic++) {
    below += counts[statistic] as number;
    if (below / all > tail) return statistic - 1;
  }
  return -1;
}

function excludedNormally(mean: number, spread: number, tail: number): number {
  return Math.floor(mean - 0.5 - normalQuantile(1 - tail) * spread);
}

/** In how many of the 2ⁿ ways of signs the ranks with a plus add up to each sum. */
export function signedRankCounts(n: number): Float64Array {
  const counts = new Float64Array((n * (n + 1)) / 2 + 1);
  counts[0] = 1;
  for (let rank = 1; rank <= n; rank++) {
    for (let sum = counts.length - 1; sum >= rank; sum--)
      counts[sum] = (counts[sum] as number) + (counts[sum - rank] as number);
  }
  return counts;
}

/** In how many orders of m and n values the first come before the second each number of times. */
export function rankSumCounts(m: number, n: number): Float64Array {
  // Gaussian binomial coefficient: multiplied by (1 − x^(n+i)) and divided by (1 − x^i), for i from 1 to m.
  const counts = new Float64Array(m * n + 1);
  counts[0] = 1;
  for (let i = 1; i <= m; i++) {
    for (let at = m * n; at >= n + i; at--) counts[at] = (counts[at] as number) - (counts[at - n - i] as number);
    for (let at = i; at <= m * n; at++) counts[at] = (counts[at] as number) + (counts[at - i] as number);
  }
  return counts;
}

/** Inverse of the normal distribution, by bisection of its integral. @param share over ½ and under 1 */
export function normalQuantile(share: number): number {
  let [low, high] = [0, 10];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Share of a normal distribution below z ≥ 0: Φ = ½ + φ · (z + z³/3 + z⁵/15 + …). */
function normalShare(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 3; k < 400 && term > 1e-17 * sum; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
