import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { nobleCodeHashes } from '../../../src/hal/noble/code-hashes.ts';

it('HMAC with SHA-256 as OpenSSL computes it, and no other hash', () => {
  const { keyedHash } = nobleCodeHashes();
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
  for (const [keyLength, length] of [
    [16, 0],
    [32, 33],
    [65, 200],
  ] as const) {
    const [key, data, result] = [bytes(keyLength), bytes(length), new Uint8Array(32)];
    keyedHash('sha-256', key).digest(data, 0, length, result, 0);
    expect(Buffer.from(result).toString('hex')).toBe(createHmac('sha256', key).update(data).digest('hex'));
  }
  expect(() => keyedHash('sha-512', bytes(16))).toThrow(RangeError);
});
