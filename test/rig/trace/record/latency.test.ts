import { expect, it } from 'vitest';
import { AddedLatency } from '../../../../rig/trace/record/latency.ts';

it('what a relay adds is its time without that of the card', () => {
  const latency = new AddedLatency();
  // 1 to 100 microseconds, whatever the card took.
  for (let us = 1; us <= 100; us++) latency.add(5_000_000 + 1000 * us, 5_000_000);
  const { exchanges, medianUs, p99Us, worstUs } = latency.summary;
  expect(exchanges).toBe(100);
  // Three digits.
  expect(medianUs).toBeCloseTo(50, 0);
  expect(p99Us).toBeCloseTo(99, 0);
  expect(worstUs).toBeCloseTo(100, 0);
});

it('has nothing to say of no exchange', () => {
  expect(new AddedLatency().summary).toEqual({ exchanges: 0, medianUs: null, p99Us: null, worstUs: null });
});

it('a clock that goes back counts as no delay', () => {
  const latency = new AddedLatency();
  latency.add(100, 200);
  expect(latency.summary.worstUs).toBe(0);
});
