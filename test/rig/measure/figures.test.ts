import { describe, expect, it } from 'vitest';
import { measureCalls } from '../../../rig/measure/figures.ts';

describe('figures', () => {
  it('every call is made: to warm up, together, and one by one', () => {
    const calls: number[] = [];
    const { n } = measureCalls((call) => void calls.push(call), 7, 3);
    expect(n).toBe(7);
    expect(calls).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6]);
  });

  it('the clock’s own time is known and taken off, and never more than there is', () => {
    const { clockUs, p50us } = measureCalls(() => {}, 2000);
    expect(clockUs).toBeGreaterThan(0);
    expect(p50us).toBeGreaterThan(0);
  });
});
