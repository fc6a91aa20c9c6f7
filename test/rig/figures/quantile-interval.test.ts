import { describe, expect, it } from 'vitest';
import { rankOf } from '../../../rig/figures/quantile.ts';
import { binomialTail, quantileInterval } from '../../../rig/figures/quantile-interval.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';

/** Sums of binomial coefficients, by hand. */
describe('the binomial tail', () => {
  it.each([
    [10, 0.5, 5, 638 / 1024],
    [10, 0.5, 10, 1 / 1024],
    [3, 0.25, 1, 37 / 64],
    [5, 0.2, 5, 0.00032],
    [4, 0.3, 0, 1],
    [4, 0, 1, 0],
    [4, 1, 4, 1],
  ])('of %i trials at %f, at least %i', (n, probability, least, expected) => {
    expect(binomialTail(n, probability, least)).toBeCloseTo(expected, 10);
  });
});

describe('a quantile’s interval', () => {
  const random = new SeededRandom('quantile');
  const bytes = new Uint8Array(4);
  const uniform = (): number => {
    random.fill(bytes, 0, 4);
    return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
  };

  /** The bootstrap as books have it: resamples, and their quantiles' own quantiles. */
  function resampled(sorted: Float64Array, share: number): [number, number] {
    const n = sorted.length;
    const quantiles = Float64Array.from({ length: 4000 }, () => {
      const one = Float64Array.from({ length: n }, () => sorted[Math.floor(uniform() * n)] as number).sort();
      return one[rankOf(n, share) - 1] as number;
    }).sort();
    return [quantiles[100] as number, quantiles[3899] as number];
  }

  it.each([
    [40, 0.5],
    [101, 0.5],
    [101, 0.9],
  ])('is what resampling %i values gives at %f, one place more or less', (n, share) => {
    const sorted = Float64Array.from({ length: n }, (_, i) => i);
    const { value, low, high } = quantileInterval(sorted, share, 0.95);
    const [from, to] = resampled(sorted, share);
    expect(value).toBe(rankOf(n, share) - 1);
    expect(Math.abs(low - from)).toBeLessThanOrEqual(1);
    expect(Math.abs(high - to)).toBeLessThanOrEqual(1);
  });

  it('of one value is that value', () => {
    expect(quantileInterval(Float64Array.of(7), 0.99, 0.95)).toEqual({ value: 7, low: 7, high: 7 });
  });

  it('of p99 reaches the slowest where there are too few values', () => {
    const sorted = Float64Array.from({ length: 50 }, (_, i) => i);
    expect(quantileInterval(sorted, 0.99, 0.95).high).toBe(49);
  });
});
