import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { randomContract } from '../../contract/random.ts';

randomContract('seeded', () => new SeededRandom('contract'));

const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();

/** The stream as its documentation has it, made with OpenSSL. */
function stream(seed: Uint8Array, blocks: number): Buffer {
  return Buffer.concat(
    Array.from({ length: blocks }, (_, n) => {
      const counter = Buffer.alloc(8);
      counter.writeBigUInt64BE(BigInt(n));
      return sha256(Buffer.concat([sha256(seed), counter]));
    }),
  );
}

describe('SeededRandom', () => {
  it.each([
    ['text', 'vitap', Buffer.from('vitap')],
    ['text beyond ASCII', 'carte é', Buffer.from('carte é', 'utf8')],
    ['bytes', Uint8Array.of(0, 1, 0xff), Uint8Array.of(0, 1, 0xff)],
    ['nothing', '', new Uint8Array(0)],
  ])('gives the documented stream for a seed of %s', (_, seed, bytes) => {
    const target = new Uint8Array(100);
    new SeededRandom(seed).fill(target, 0, 100);
    expect(Buffer.from(target)).toEqual(stream(bytes, 4).subarray(0, 100));
  });

  it('does not care how calls are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 10 }), (lengths) => {
        const total = lengths.reduce((sum, length) => sum + length, 0);
        const [whole, cut] = [new Uint8Array(total), new Uint8Array(total)];
        new SeededRandom('cut').fill(whole, 0, total);
        const random = new SeededRandom('cut');
        let offset = 0;
        for (const length of lengths) {
          random.fill(cut, offset, length);
          offset += length;
        }
        expect(cut).toEqual(whole);
      }),
    );
  });

  it('does not keep the seed that it was given', () => {
    const seed = Uint8Array.of(1, 2, 3);
    const random = new SeededRandom(seed);
    seed.fill(0);
    const target = new Uint8Array(32);
    random.fill(target, 0, 32);
    expect(Buffer.from(target)).toEqual(stream(Uint8Array.of(1, 2, 3), 1));
  });
});
