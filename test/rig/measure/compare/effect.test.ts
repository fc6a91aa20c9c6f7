import { describe, expect, it } from 'vitest';
import { independentEffect, LEAST_PAIRS, pairedEffect } from '../../../../rig/measure/compare/effect.ts';
import { CLASSIC_TAP, Machine, tapNs } from './simulated-taps.ts';

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

/** By hand: a share of the values differs by far more than the margin, the others not at all. */
describe('the verdict is that of the interval, not of the estimate', () => {
  const PAIRS = 12;
  const ones = new Array<number>(PAIRS).fill(1);
  /** Half-sums of pairs decide the estimate: with seven of twelve larger, most of them lie above the margin. */
  const some = (value: number): number[] => ones.map((one, i) => (i < 9 ? value : one / value));

  it.each([
    ['slower in nine pairs and faster in three', some(1.2), 'no difference seen', 1.01],
    ['faster in nine pairs and slower in three', some(1 / 1.2), 'no difference seen', 1.01],
    ['slower in all', ones.map(() => 1.2), 'slower', 1.01],
    ['faster in all', ones.map(() => 1 / 1.2), 'faster', 1.01],
  ])('%s', (_, b, verdict) => {
    const effect = pairedEffect(ones, b);
    expect(Math.abs(Math.log(effect.ratio.value))).toBeGreaterThan(Math.log(1.01));
    expect(effect.verdict).toBe(verdict);
  });

  it('independent: two of five blocks say little, all of them enough', () => {
    const base = [1, 1.001, 1.002, 1.003, 1.004];
    const mixed = independentEffect(base, [0.9, 0.91, 1.2, 1.21, 1.22]);
    expect(mixed.ratio.value).toBeGreaterThan(1.03);
    expect(mixed.verdict).toBe('no difference seen');
    expect(independentEffect(base, [1.2, 1.21, 1.22, 1.23, 1.24]).verdict).toBe('slower');
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
