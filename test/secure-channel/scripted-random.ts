import type { Random } from '../../src/hal/random.ts';

/** Gives what it was told to, in that order, and nothing else: nonces and private keys of published runs. */
export class ScriptedRandom implements Random {
  readonly #draws: Uint8Array[] = [];

  /** A nonce, a challenge. */
  bytes(hex: string): this {
    this.#draws.push(Uint8Array.from(Buffer.from(hex, 'hex')));
    return this;
  }

  /** A private key d: a key is made of a seed as (seed mod (n - 1)) + 1, of eight bytes more than the field has. */
  privateKey(hex: string): this {
    const seed = (BigInt(`0x${hex}`) - 1n).toString(16).padStart(hex.length + 16, '0');
    return this.bytes(seed);
  }

  get left(): number {
    return this.#draws.length;
  }

  fill(target: Uint8Array, offset: number, length: number): void {
    const draw = this.#draws.shift();
    if (draw?.length !== length) throw new Error(`asked for ${length} bytes, ${draw?.length ?? 'none'} scripted`);
    target.set(draw, offset);
  }
}
