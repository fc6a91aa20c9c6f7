import { describe, expect, it } from 'vitest';
import { distributionOf, readHistogram } from '../../../../rig/measure/tap/statistics.ts';

describe('a histogram', () => {
  it('counts a tenth of a microsecond, and is added to another', () => {
    const one = readHistogram(distributionOf([1000, 2000, 3000]).histogram);
    const other = readHistogram(distributionOf([1_000_000]).histogram);
    one.add(other);
    expect(one.totalCount).toBe(4);
    expect(one.minNonZeroValue).toBe(10);
    // Three digits.
    expect(Math.abs(one.maxValue - 10_000)).toBeLessThanOrEqual(10);
  });

  it('takes residuals below nothing for nothing', () => {
    expect(readHistogram(distributionOf([-500]).histogram).maxValue).toBe(0);
  });
});

it('no values are refused', () => {
  expect(() => distributionOf([])).toThrow(RangeError);
});
