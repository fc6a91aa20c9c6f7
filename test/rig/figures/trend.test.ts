import { describe, expect, it } from 'vitest';
import { trendOf } from '../../../rig/figures/trend.ts';

describe('trend', () => {
  it('of a straight line: its slope, and every pair in order', () => {
    // 10 values: 45 pairs, variance 10·9·25 / 18 = 125, Z = 44 / √125.
    const { slope, change, z } = trendOf([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect([slope, change]).toEqual([2, 18]);
    expect(z).toBeCloseTo(44 / Math.sqrt(125), 10);
  });

  it('falls with a negative Z', () => {
    expect(trendOf([5, 4, 3, 2, 1]).slope).toBe(-1);
    expect(trendOf([5, 4, 3, 2, 1]).z).toBeLessThan(-2);
  });

  it('is not led astray by one wild figure', () => {
    const { slope } = trendOf([1, 1, 1, 1, 900, 1, 1, 1, 1]);
    expect(slope).toBe(0);
  });

  it('takes equal figures for no order', () => {
    expect(trendOf([3, 3, 3, 3])).toEqual({ slope: 0, change: 0, z: 0 });
    // Two groups of two: S = 4, variance (4·3·13 − 2·(2·1·9)) / 18 = 120 / 18.
    expect(trendOf([1, 1, 2, 2]).z).toBeCloseTo(3 / Math.sqrt(120 / 18), 10);
  });

  it.each([{ values: [] as number[] }, { values: [7] }])('of %o there is none', ({ values }) => {
    expect(trendOf(values)).toMatchObject({ slope: 0, z: 0 });
  });
});
