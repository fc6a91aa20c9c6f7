import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/hal/clock.ts';

/**
 * What every Clock promises.
 * @param setup `pass` lets some time, however little, pass
 */
export function clockContract(name: string, setup: () => { clock: Clock; pass: () => Promise<void> }): void {
  describe(`Clock contract: ${name}`, () => {
    it('tells whole nanoseconds that a number can hold exactly', () => {
      const { clock } = setup();
      expect(Number.isSafeInteger(clock.nowNs())).toBe(true);
      expect(clock.nowNs()).toBeGreaterThanOrEqual(0);
    });

    it('never goes backwards, asked as fast as can be', () => {
      const { clock } = setup();
      let last = clock.nowNs();
      for (let i = 0; i < 10_000; i++) {
        const now = clock.nowNs();
        if (now < last) expect.fail(`from ${last} back to ${now}`);
        last = now;
      }
    });

    it('goes on while time passes', async () => {
      const { clock, pass } = setup();
      const before = clock.nowNs();
      await pass();
      expect(clock.nowNs()).toBeGreaterThan(before);
    });

    it('tells wall time in whole seconds, not less after time has passed', async () => {
      const { clock, pass } = setup();
      const before = clock.wallSeconds();
      expect(Number.isSafeInteger(before)).toBe(true);
      await pass();
      expect(clock.wallSeconds()).toBeGreaterThanOrEqual(before);
    });
  });
}
