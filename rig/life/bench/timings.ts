import { timeOf } from '../../figures/paired-times.ts';
import { ascending, quantile } from '../../figures/quantile.ts';

/** Times of one operation that was done again and again, one after the other, in milliseconds. */
export interface Timings {
  readonly n: number;
  readonly p50ms: number;
  readonly p99ms: number;
  /** The first time, when nothing is warm. It counts among the others too. */
  readonly firstMs: number;
  /** By the sum of all times. */
  readonly perSecond: number;
}

/** Runs an operation for each number from 0 and keeps its times; the signal ends it between two. */
export async function timings(
  count: number,
  operation: (i: number) => Promise<unknown>,
  signal: AbortSignal,
): Promise<Timings> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    times.push(await timeOf(() => operation(i)));
  }
  return timingsOf(times);
}

/** @param times in their order, at least one */
export function timingsOf(times: readonly number[]): Timings {
  const sorted = ascending(times);
  const sum = times.reduce((total, each) => total + each, 0);
  return {
    n: times.length,
    p50ms: quantile(sorted, 0.5),
    p99ms: quantile(sorted, 0.99),
    firstMs: times[0] as number,
    perSecond: (times.length / sum) * 1000,
  };
}
