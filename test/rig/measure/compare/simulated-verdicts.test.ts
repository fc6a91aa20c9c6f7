import { describe, expect, it } from 'vitest';
import { independentEffect, pairedEffect } from '../../../../rig/measure/compare/effect.ts';
import { CLASSIC_TAP, Machine, tapNs } from './simulated-taps.ts';

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
