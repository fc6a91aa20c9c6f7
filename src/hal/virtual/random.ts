import { sha256 } from '@noble/hashes/sha2.js';
import type { Random } from '../random.ts';
import { checkSpan } from '../span.ts';

const BLOCK_SIZE = 32;

/**
 * The same bytes again for the same seed. NOT for secrets: who knows the seed knows everything.
 *
 * Block n of the stream, from 0, is SHA-256(SHA-256(seed) ‖ n as 8 bytes, big-endian); calls take from the stream
 * without gaps, so that how they are cut does not matter. A seed of text is its UTF-8 bytes.
 */
export class SeededRandom implements Random {
  readonly #input = new Uint8Array(BLOCK_SIZE + 8);
  readonly #counter: DataView = new DataView(this.#input.buffer, BLOCK_SIZE);
  #block: Uint8Array = new Uint8Array(BLOCK_SIZE);
  #used = BLOCK_SIZE;
  #next = 0;

  constructor(seed: Uint8Array | string) {
    this.#input.set(sha256(typeof seed === 'string' ? new TextEncoder().encode(seed) : seed));
  }

  fill(target: Uint8Array, offset: number, length: number): void {
    checkSpan('target', target.length, offset, length);
    for (let i = 0; i < length; i++) {
      if (this.#used === BLOCK_SIZE) this.#refill();
      target[offset + i] = this.#block[this.#used++] as number;
    }
  }

  #refill(): void {
    this.#counter.setUint32(0, Math.floor(this.#next / 0x1_0000_0000));
    this.#counter.setUint32(4, this.#next % 0x1_0000_0000);
    this.#block = sha256(this.#input);
    this.#next++;
    this.#used = 0;
  }
}
