import { describe, expect, it } from 'vitest';
import {
  normalQuantile,
  rankSumCounts,
  rankSumShift,
  signedRankCounts,
  signedRankShift,
} from '../../../rig/figures/rank-interval.ts';

describe('rank statistics', () => {
  it('count the ways of the signed-rank statistic', () => {
    // n = 4: sums 0 to 10; ranks 1 2 3 4. The sum 3 is 3 or 1 + 2; 5 is 1 + 4 or 2 + 3.
    expect([...signedRankCounts(4)]).toEqual([1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1]);
  });

  it('count the orders of the rank-sum statistic', () => {
    // Six orders of aabb, by how often an a comes after a b.
    expect([...rankSumCounts(2, 2)]).toEqual([1, 1, 2, 1, 1]);
    expect(rankSumCounts(7, 5).reduce((sum, each) => sum + each, 0)).toBe(792);
  });

  it('know the normal distribution', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6);
    expect(normalQuantile(0.995)).toBeCloseTo(2.575829, 6);
    // Φ(1), Φ(2), Φ(4).
    expect(normalQuantile(0.841344746)).toBeCloseTo(1, 6);
    expect(normalQuantile(0.977249868)).toBeCloseTo(2, 6);
    expect(normalQuantile(0.9999683287582)).toBeCloseTo(4, 6);
  });

  it.each([
    // Published tables: two-sided 5 %, n = 10: W ≤ 8 rejects, so the 9th smallest and largest of 55 means are the ends.
    [10, 0.95, 8],
    // Two-sided 1 %, n = 10: W ≤ 3.
    [10, 0.99, 3],
    // Two-sided 1 %, n = 8: W ≤ 0.
    [8, 0.99, 0],
    // Two-sided 5 %, n = 40: W ≤ 264.
    [40, 0.95, 264],
    // From 41 values on the normal distribution, n(n + 1)/4 − ½ − 1.96 √(n(n + 1)(2n + 1)/24): 430 − 151.25; 637 − 203.03.
    [41, 0.95, 278],
    [50, 0.95, 433],
    // A tail of 1/32 exactly is not too much, n = 5.
    [5, 0.9375, 0],
  ])('signed ranks of %i values at %f leave out as the tables say', (n, confidence, critical) => {
    const values = Array.from({ length: n }, (_, i) => i ** 2);
    const means = values.flatMap((x, i) => values.slice(i).map((y) => (x + y) / 2)).sort((x, y) => x - y);
    const shift = signedRankShift(values, confidence);
    expect([shift.low, shift.high]).toEqual([means[critical], means[means.length - 1 - critical]]);
  });

  it.each([
    // Mann-Whitney, two-sided 5 %: U ≤ 23, 55 and 127 rejects.
    [10, 10, 23],
    [10, 20, 55],
    [20, 20, 127],
    // From 41 values of either on mn/2 − ½ − 1.96 √(mn(m + n + 1)/12): 840 − 211.34; 102 − 55.54.
    [41, 41, 628],
    [5, 41, 46],
    [41, 5, 46],
  ])('rank sums of %i and %i values leave out as the tables say', (m, n, critical) => {
    const a = Array.from({ length: m }, (_, i) => i ** 2);
    const b = Array.from({ length: n }, (_, i) => 3 * i ** 2 + 1);
    const differences = b.flatMap((y) => a.map((x) => y - x)).sort((x, y) => x - y);
    const shift = rankSumShift(a, b, 0.95);
    expect([shift.low, shift.high]).toEqual([differences[critical], differences[m * n - 1 - critical]]);
  });

  it('are wider where it is asked', () => {
    const values = Array.from({ length: 10 }, (_, i) => i ** 2);
    const means = values.flatMap((x, i) => values.slice(i).map((y) => (x + y) / 2)).sort((x, y) => x - y);
    // 27 − 1.96 · 9.811 · 1.2 = 3.9; of 55 means.
    const paired = signedRankShift(values, 0.95, 1.2);
    expect([paired.low, paired.high]).toEqual([means[3], means[51]]);
    const other = values.map((each) => 3 * each + 1);
    const differences = other.flatMap((y) => values.map((x) => y - x)).sort((x, y) => x - y);
    // 49.5 − 1.96 · 13.229 · 1.2 = 18.4; of 100 differences.
    const independent = rankSumShift(values, other, 0.95, 1.2);
    expect([independent.low, independent.high]).toEqual([differences[18], differences[81]]);
  });

  it('never end an interval that too few values cannot end', () => {
    expect(signedRankShift([1, 2, 3, 4, 5], 0.99).low).toBe(Number.NEGATIVE_INFINITY);
    expect(rankSumShift([1, 2], [3, 4], 0.99).high).toBe(Number.POSITIVE_INFINITY);
  });

  it('find the shift whatever a few wild values do', () => {
    const differences = [0.099, 0.101, 0.1, 0.098, 0.102, 0.1, 0.097, 0.103, 0.1, 0.1, 5, -7];
    const { value, low, high } = signedRankShift(differences, 0.99);
    expect(value).toBeCloseTo(0.1, 3);
    expect(low).toBeLessThan(0.1);
    expect(high).toBeLessThan(3);
  });
});
