import { expect, it } from 'vitest';
import { Latencies } from '../../../rig/figures/latencies.ts';

it('tells percentiles to three digits, from a nanosecond to an hour', () => {
  const latencies = new Latencies();
  for (let us = 1; us <= 1000; us++) latencies.record(us);
  const { n, meanUs, p50us, p90us, p99us, p999us, maxUs } = latencies.figures();
  expect(n).toBe(1000);
  const expected = [500.5, 500, 900, 990, 999, 1000];
  for (const [i, value] of [meanUs, p50us, p90us, p99us, p999us, maxUs].entries()) {
    expect(Math.abs(value / (expected[i] as number) - 1)).toBeLessThan(0.002);
  }
});

it('takes what is beyond its ends for the ends, and starts anew', () => {
  const latencies = new Latencies();
  latencies.record(-5);
  latencies.record(1e12);
  expect(latencies.count).toBe(2);
  expect(latencies.figures().maxUs / 3_600_000_000).toBeCloseTo(1, 2);
  latencies.reset();
  expect(latencies.figures()).toMatchObject({ n: 0, maxUs: 0 });
});

it('gives no percentile beyond the longest time', () => {
  const latencies = new Latencies();
  latencies.record(22_684.8);
  const { p50us, p999us, maxUs } = latencies.figures();
  expect(maxUs).toBeCloseTo(22_684.8, -2);
  expect([p50us, p999us]).toEqual([maxUs, maxUs]);
});
