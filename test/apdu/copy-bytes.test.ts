import { describe, expect, it } from 'vitest';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';

describe('copyBytes', () => {
  it.each([
    ['a Uint8Array', Uint8Array.of(1, 2, 3, 4)],
    ['a Node Buffer', Buffer.from([1, 2, 3, 4])],
    ['a part of a Node Buffer', Buffer.from([9, 1, 2, 3, 4, 9]).subarray(1, 5)],
  ])('of %s: bytes of its own, in a plain Uint8Array', (_, bytes) => {
    const [whole, part, end] = [copyBytes(bytes), copyBytes(bytes, 1, 3), copyBytes(bytes, -1)];
    bytes.fill(0);
    expect([whole, part, end]).toEqual([Uint8Array.of(1, 2, 3, 4), Uint8Array.of(2, 3), Uint8Array.of(4)]);
    expect(Object.getPrototypeOf(whole)).toBe(Uint8Array.prototype);
    whole.fill(7);
    expect([...bytes]).toEqual([0, 0, 0, 0]);
  });
});
