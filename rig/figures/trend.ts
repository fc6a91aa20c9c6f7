import { median } from './quantile.ts';

/** Whether a row of figures rises or falls, by methods that a few wild figures do not lead astray. */
export interface Trend {
  /** Median of the slopes between all pairs of figures (Theil and Sen), by step. */
  readonly slope: number;
  /** What that makes from the first figure to the last. */
  readonly change: number;
  /**
   * Mann and Kendall's Z: how many standard deviations the number of rising pairs is away from that of figures in no
   * order; positive when they rise.
   */
  readonly z: number;
}

/** @param values in the order of their times, equal steps apart */
export function trendOf(values: readonly number[]): Trend {
  const n = values.length;
  const slopes: number[] = [];
  let rising = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const difference = (values[j] as number) - (values[i] as number);
      rising += Math.sign(difference);
      slopes.push(difference / (j - i));
    }
  }
  const slope = slopes.length === 0 ? 0 : median(slopes);
  return { slope, change: slope * (n - 1), z: standardised(rising, n, values) };
}

/** With the corrections for continuity and for figures that are equal. */
function standardised(rising: number, n: number, values: readonly number[]): number {
  const spread = (count: number): number => count * (count - 1) * (2 * count + 5);
  const groups = new Map<number, number>();
  for (const value of values) groups.set(value, (groups.get(value) ?? 0) + 1);
  let variance = spread(n);
  for (const count of groups.values()) variance -= spread(count);
  if (rising === 0 || variance <= 0) return 0;
  return (rising - Math.sign(rising)) / Math.sqrt(variance / 18);
}
