import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';
import { clockContract } from '../../contract/clock.ts';

clockContract('virtual', () => {
  const clock = new VirtualClock({ nowNs: 5, wallSeconds: 1_700_000_000 });
  return { clock, pass: async () => clock.advance(1) };
});

describe('VirtualClock', () => {
  it('begins at zero, or where it is told to', () => {
    expect([new VirtualClock().nowNs(), new VirtualClock().wallSeconds()]).toEqual([0, 0]);
    const clock = new VirtualClock({ nowNs: 7, wallSeconds: 9 });
    expect([clock.nowNs(), clock.wallSeconds()]).toEqual([7, 9]);
  });

  it('stands still until it is advanced, on both clocks', () => {
    const clock = new VirtualClock({ wallSeconds: 100 });
    clock.advance(999_999_999);
    expect([clock.nowNs(), clock.wallSeconds()]).toEqual([999_999_999, 100]);
    clock.advance(1);
    expect([clock.nowNs(), clock.wallSeconds()]).toEqual([1_000_000_000, 101]);
    clock.advance(60_000_000_000);
    expect(clock.wallSeconds()).toBe(161);
  });

  it('lets wall time jump without monotonic time', () => {
    const clock = new VirtualClock({ wallSeconds: 100 });
    clock.advance(1_500_000_000);
    clock.setWallSeconds(50);
    expect([clock.nowNs(), clock.wallSeconds()]).toEqual([1_500_000_000, 50]);
    clock.advance(1_000_000_000);
    expect(clock.wallSeconds()).toBe(51);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses to pass %s ns', (ns) => {
    const clock = new VirtualClock();
    expect(() => clock.advance(ns)).toThrow(RangeError);
    expect(clock.nowNs()).toBe(0);
  });
});
