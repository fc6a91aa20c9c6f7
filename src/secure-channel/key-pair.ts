import type { Crypto, CurveName } from '../hal/crypto.ts';
import type { Random } from '../hal/random.ts';
import { fieldLength } from './domain-parameters.ts';

/** FIPS 186: this many random bytes more than the order has, so that no key is likelier than another. */
const EXTRA_SEED_BYTES = 8;

export interface KeyPair {
  readonly privateKey: Uint8Array;
  /** `04 X Y`. */
  readonly publicKey: Uint8Array;
}

export type KeyCrypto = Pick<Crypto, 'privateKey' | 'publicKey'>;

/** A private key out of {@link Random}: one draw, {@link fieldLength} + 8 bytes. */
export function randomPrivateKey(crypto: Pick<Crypto, 'privateKey'>, random: Random, curve: CurveName): Uint8Array {
  const seed = new Uint8Array(fieldLength(curve) + EXTRA_SEED_BYTES);
  random.fill(seed, 0, seed.length);
  const key = crypto.privateKey(curve, seed);
  seed.fill(0);
  return key;
}

/** A key pair over the curve's own generator, for one use. */
export function randomKeyPair(crypto: KeyCrypto, random: Random, curve: CurveName): KeyPair {
  const privateKey = randomPrivateKey(crypto, random, curve);
  return { privateKey, publicKey: crypto.publicKey(curve, privateKey) };
}
