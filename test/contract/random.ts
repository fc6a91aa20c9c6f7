import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/hal/random.ts';

/** What every Random promises. */
export function randomContract(name: string, setup: () => Random): void {
  describe(`Random contract: ${name}`, () => {
    it('fills the span asked for and nothing else', () => {
      const random = setup();
      const target = new Uint8Array(64);
      random.fill(target, 16, 32);
      expect([...target.subarray(0, 16)]).toEqual(new Array(16).fill(0));
      expect([...target.subarray(48)]).toEqual(new Array(16).fill(0));
      // 32 random bytes are all zero once in 2^256 tries.
      expect(target.subarray(16, 48).some((byte) => byte !== 0)).toBe(true);
    });

    it('gives other bytes at each call', () => {
      const random = setup();
      const [first, second] = [new Uint8Array(32), new Uint8Array(32)];
      random.fill(first, 0, 32);
      random.fill(second, 0, 32);
      expect(first).not.toEqual(second);
    });

    it('uses every bit of every byte', () => {
      const random = setup();
      const bytes = new Uint8Array(8192);
      random.fill(bytes, 0, bytes.length);
      const seen = new Set(bytes);
      // Each value is missing from 8192 fair bytes with probability e^-32.
      expect(seen.size).toBe(256);
    });

    it('takes a span of no bytes', () => {
      const random = setup();
      random.fill(new Uint8Array(0), 0, 0);
      random.fill(new Uint8Array(4), 4, 0);
    });

    it.each([
      [-1, 1],
      [0, 9],
      [8, 1],
      [7, 2],
      [0, -1],
      [0.5, 1],
      [0, Number.NaN],
    ])('refuses offset %s and length %s in 8 bytes, writing nothing', (offset, length) => {
      const random = setup();
      const target = new Uint8Array(8);
      expect(() => random.fill(target, offset, length)).toThrow(RangeError);
      expect([...target]).toEqual(new Array(8).fill(0));
    });
  });
}
