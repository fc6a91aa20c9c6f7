import { describe, expect, it } from 'vitest';
import { independentEffect, LEAST_PAIRS, pairedEffect } from '../../../../rig/measure/compare/effect.ts';
import {
  normalQuantile,
  rankSumCounts,
  rankSumShift,
  signedRankCounts,
  signedRankShift,
} from '../../../../rig/measure/compare/rank-interval.ts';
import { CLASSIC_TAP, Machine, tapNs } from './simulated-taps.ts';

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
  });

  it.each([
    // Published tables: two-sided 5 %, n = 10: W ≤ 8 rejects, so the 9th smallest and largest of 55 means are the ends.
    [10, 0.95, 8],
    // Two-sided 1 %, n = 10: W ≤ 3.
    [10, 0.99, 3],
    // Two-sided 1 %, n = 8: W ≤ 0.
    [8, 0.99, 0],
  ])('signed ranks of %i values at %f leave out as the tables say', (n, confidence, critical) => {
    const values = Array.from({ length: n }, (_, i) => i ** 2);
    const means = values.flatMap((x, i) => values.slice(i).map((y) => (x + y) / 2)).sort((x, y) => x - y);
    const shift = signedRankShift(values, confidence);
    expect([shift.low, shift.high]).toEqual([means[critical], means[means.length - 1 - critical]]);
  });

  it('rank sums of ten and ten values leave out as the tables say', () => {
    // Mann-Whitney, two-sided 5 %, 10 and 10: U ≤ 23 rejects.
    const a = Array.from({ length: 10 }, (_, i) => i ** 2);
    const b = a.map((each) => 3 * each + 1);
    const differences = b.flatMap((y) => a.map((x) => y - x)).sort((x, y) => x - y);
    const shift = rankSumShift(a, b, 0.95);
    expect([shift.low, shift.high]).toEqual([differences[23], differences[76]]);
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

describe('a comparison', () => {
  it('asks for enough values', () => {
    const few = new Array(LEAST_PAIRS - 1).fill(1);
    expect(() => pairedEffect(few, few)).toThrow('8 pairs');
    expect(() => independentEffect([1, 2, 3], [1, 2, 3])).toThrow('5 values');
  });

  it('of a thing with itself, value for value, sees no difference', () => {
    const values = Array.from({ length: 20 }, (_, i) => 100 + i);
    expect(pairedEffect(values, values)).toMatchObject({ verdict: 'no difference seen', ratio: { value: 1 } });
  });
});

/** Virtual time: what a tap takes on a machine whose speed drifts, and that is sometimes busy with something else. */
describe('on simulated taps', () => {
  const ROUNDS = 12;
  const TAPS = 200;

  /** Alternating runs of a few taps; the medians of the runs are the pairs. */
  const alternating = (seed: string, slower: number): string => {
    const machine = new Machine(seed);
    const [a, b]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      const first = machine.medianOf(20, (m) => tapNs(m, CLASSIC_TAP, round % 2 === 0 ? 1 : slower));
      const second = machine.medianOf(20, (m) => tapNs(m, CLASSIC_TAP, round % 2 === 0 ? slower : 1));
      a.push(round % 2 === 0 ? first : second);
      b.push(round % 2 === 0 ? second : first);
    }
    return pairedEffect(a, b).verdict;
  };

  /** A saved run, and another one later. */
  const later = (seed: string, slower: number): string => {
    const machine = new Machine(seed);
    const a = Array.from({ length: TAPS }, () => tapNs(machine, CLASSIC_TAP, 1));
    const b = Array.from({ length: TAPS }, () => tapNs(machine, CLASSIC_TAP, slower));
    return independentEffect(a, b).verdict;
  };

  const SEEDS = Array.from({ length: 20 }, (_, i) => `comparison ${i}`);

  it.each([
    ['alternating', alternating],
    ['later', later],
  ])('%s: twenty comparisons of a card with itself see no difference nineteen times at least', (_, compare) => {
    const verdicts = SEEDS.map((seed) => compare(seed, 1));
    expect(verdicts.filter((verdict) => verdict === 'no difference seen').length).toBeGreaterThanOrEqual(19);
  });

  it.each([
    ['alternating', alternating],
    ['later', later],
  ])('%s: a READ RECORD that takes a tenth longer is called slower', (_, compare) => {
    expect(SEEDS.map((seed) => compare(seed, 1.1))).toEqual(SEEDS.map(() => 'slower'));
  });

  it('alternating: one that takes a tenth less is called faster', () => {
    expect(SEEDS.map((seed) => alternating(seed, 1 / 1.1))).toEqual(SEEDS.map(() => 'faster'));
  });
});
