import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, quantile, quantileOf, rankOf } from '../../../rig/figures/quantile.ts';

const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })), {
  minLength: 1,
  maxLength: 40,
});

describe('a quantile', () => {
  it.each([
    [1, 0.5, 1],
    [2, 0.5, 1],
    [3, 0.5, 2],
    [100, 0.99, 99],
    [101, 0.99, 100],
    [1000, 0.999, 999],
    [10, 0.999, 10],
    [7, 1, 7],
    [7, 0, 1],
  ])('of %i values at %f is the %ith', (n, share, rank) => {
    expect(rankOf(n, share)).toBe(rank);
    expect(
      quantile(
        Float64Array.from({ length: n }, (_, i) => i + 1),
        share,
      ),
    ).toBe(rank);
  });

  /** By counting, without putting anything in order. */
  function counted(all: readonly number[], per1000: number): number {
    const reached = all.filter((each) => 1000 * all.filter((other) => other <= each).length >= per1000 * all.length);
    return Math.min(...reached);
  }

  it('is the smallest value that its share of the values do not exceed', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 1000 }), (all, per1000) => {
        expect(quantileOf(all, per1000 / 1000) + 0).toBe(counted(all, per1000) + 0);
      }),
    );
  });

  it('leaves what it is given in its order', () => {
    const all = [3, 1, 2];
    quantileOf(all, 0.5);
    median(all);
    expect(all).toEqual([3, 1, 2]);
  });
});

describe('a median', () => {
  it.each([
    [[7], 7],
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9, 100], 10],
  ])('of %j is %f', (all, expected) => expect(median(all)).toBe(expected));

  /** The smallest and the largest go in pairs, until one or two are left. */
  function peeled(all: readonly number[]): number {
    const left = [...all];
    while (left.length > 2) {
      left.splice(left.indexOf(Math.min(...left)), 1);
      left.splice(left.indexOf(Math.max(...left)), 1);
    }
    return left.length === 1 ? left[0]! : (left[0]! + left[1]!) / 2;
  }

  it('is what is left when smallest and largest go in pairs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 30 }), (all) => {
        expect(median(all) + 0).toBe(peeled(all) + 0);
      }),
    );
  });
});

it('no values have none', () => {
  expect(() => median([])).toThrow(RangeError);
  expect(() => quantileOf([], 0.5)).toThrow(RangeError);
});
