import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { clockContract } from '../../contract/clock.ts';

clockContract('system', () => ({
  clock: systemClock,
  pass: () => new Promise((resolve) => setTimeout(resolve, 2)),
}));

describe('systemClock', () => {
  it('counts from the start of the process', () => {
    expect(systemClock.nowNs()).toBeLessThanOrEqual(process.uptime() * 1e9 + 1e9);
  });

  it('tells the wall time of the machine', () => {
    const before = Math.floor(Date.now() / 1000);
    const told = systemClock.wallSeconds();
    expect(told).toBeGreaterThanOrEqual(before);
    expect(told).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
  });
});
