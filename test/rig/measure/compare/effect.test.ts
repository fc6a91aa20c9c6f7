import { describe, expect, it } from 'vitest';
import { blockMedians, independentEffect, LEAST_PAIRS, pairedEffect } from '../../../../rig/measure/compare/effect.ts';

describe('a comparison', () => {
  it('asks for enough values', () => {
    const few = new Array(LEAST_PAIRS - 1).fill(1);
    expect(() => pairedEffect(few, few)).toThrow('8 pairs');
    expect(() => independentEffect([1, 2, 3], [1, 2, 3])).toThrow('5 values');
  });

  it('of a thing with itself, value for value, sees no difference', () => {
    const values = Array.from({ length: 20 }, (_, i) => 100 + i);
    expect(pairedEffect(values, values)).toMatchObject({
      verdict: 'no difference seen',
      ratio: { value: 1, low: 1, high: 1 },
    });
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

describe('values in blocks', () => {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  it.each<[string, number[], number[]]>([
    ['sixty stay as they are, in their order', upTo(60).reverse(), upTo(60).reverse()],
    // Blocks end at ⌊61 (b + 1) / 60⌋: all have one value, the last has two.
    ['one more: the last two are put together', upTo(61), [...upTo(59), 59.5]],
    ['twice as many: pairs', upTo(120), upTo(60).map((i) => 2 * i + 0.5)],
    ['three times as many: the middle ones', upTo(180), upTo(60).map((i) => 3 * i + 1)],
  ])('%s', (_, values, blocks) => {
    expect(blockMedians(values)).toEqual(blocks);
  });

  it('are what is compared', () => {
    const long = new Array<number>(120).fill(1);
    expect(pairedEffect(long, long).compared).toBe(60);
    expect(independentEffect(long.slice(0, 7), long)).toMatchObject({ compared: 7, method: 'independent' });
  });
});

describe('neighbours that go together widen the interval', () => {
  /** From 1.05 upwards in steps of 0.01: every one over the margin. */
  const rising = (count: number): number[] => Array.from({ length: count }, (_, i) => 1.05 + 0.01 * i);
  /** Low and high in turn: the correlation of neighbours is negative. */
  const zigzag = (values: readonly number[]): number[] =>
    values.map((_, i) => values[i % 2 === 0 ? i / 2 : values.length - (i + 1) / 2] as number);
  const ones = (count: number): number[] => new Array<number>(count).fill(1);

  it.each<[string, number[], string]>([
    // Twenty ranks in order: r = 565.25 / 665 = 0.85, so √(1.85 / 0.15) = 3.5 times as wide: 104.5 − 2.576 · 26.8 · 3.5 < 0.
    ['twenty in order: without end', rising(20), 'no difference seen'],
    ['twenty, low and high in turn', zigzag(rising(20)), 'slower'],
    ['nineteen in order, of which r says nothing', rising(19), 'slower'],
    ['twenty that are all alike', ones(20).map(() => 1.2), 'slower'],
  ])('%s', (_, ratios, verdict) => {
    const effect = pairedEffect(ones(ratios.length), ratios);
    expect(effect.verdict).toBe(verdict);
    expect(effect.ratio.high === Number.POSITIVE_INFINITY).toBe(verdict !== 'slower');
  });

  it.each<[string, number[], number[], string]>([
    // 2.576 · √(20 · 20 · 41 / 12) · 3.5 > 199.5.
    ['one side in order', ones(20), rising(20), 'no difference seen'],
    ['the other in order', rising(20).map((each) => 1 / each), ones(20), 'no difference seen'],
    ['none in order', ones(20), zigzag(rising(20)), 'slower'],
    ['nineteen in order', ones(19), rising(19), 'slower'],
  ])('independent: %s', (_, a, b, verdict) => {
    expect(independentEffect(a, b).verdict).toBe(verdict);
  });
});

describe('what is given back', () => {
  const eight = new Array<number>(8).fill(2);
  it('says the whole of a pair of constants', () => {
    // All ratios are 1.5, so estimate and ends are too.
    const effect = pairedEffect(
      eight,
      eight.map(() => 3),
    );
    expect(effect).toMatchObject({ method: 'paired', compared: 8, margin: 0.01, verdict: 'slower' });
    for (const end of [effect.ratio.value, effect.ratio.low, effect.ratio.high]) expect(end).toBeCloseTo(1.5, 9);
  });

  it.each([
    [1.02, 0.01, 'slower'],
    [1.02, 0.05, 'no difference seen'],
    [1 / 1.02, 0.01, 'faster'],
    [1 / 1.02, 0.05, 'no difference seen'],
    // Beyond 1 − margin, not beyond 1 / (1 + margin).
    [0.505, 1, 'no difference seen'],
    [0.495, 1, 'faster'],
  ])('a ratio of %f with a margin of %f: %s', (ratio, margin, verdict) => {
    const other = eight.map((each) => each * ratio);
    expect(pairedEffect(eight, other, margin)).toMatchObject({ verdict, margin });
    expect(independentEffect(eight, other, margin)).toMatchObject({ verdict, margin });
  });

  it('refuses sides of different lengths as pairs, and too few of one side', () => {
    expect(() => pairedEffect(eight, [...eight, 2])).toThrow('8 pairs or more are needed, not 8 and 9');
    expect(() => independentEffect([1, 2, 3, 4], eight)).toThrow('5 values or more of each are needed, not 4 and 8');
    expect(() => independentEffect(eight, [1, 2, 3, 4])).toThrow('not 8 and 4');
  });
});
