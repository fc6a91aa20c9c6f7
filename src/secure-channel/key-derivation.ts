/**
 * Key derivation of BSI TR-03110-3 A.2.3 and ICAO Doc 9303-11.
 *
 * 1. keydata = H(K ‖ r ‖ c), c of four bytes, big-endian: 1 for K_ENC, 2 for K_MAC, 3 for the key of a password.
 * 2. H is SHA-1 for AES-128 and SHA-256 for AES-192 and AES-256; the key is the first bytes of keydata.
 *
 * r is the nonce of chip authentication version 2; PACE has none.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import type { Crypto } from '../hal/crypto.ts';

/** A card image keeps places in this list: what is new goes to its end. */
export const CIPHER_NAMES = ['AES-128', 'AES-192', 'AES-256'] as const;
export type CipherName = (typeof CIPHER_NAMES)[number];

const COUNTER_ENC = 1;
const COUNTER_MAC = 2;
const COUNTER_PASSWORD = 3;
const NO_NONCE = new Uint8Array(0);

/** 16, 24 or 32 bytes. */
export function keyLength(cipher: CipherName): 16 | 24 | 32 {
  return cipher === 'AES-128' ? 16 : cipher === 'AES-192' ? 24 : 32;
}

/** K_ENC and K_MAC of a channel; whoever made them wipes them when the session holds their schedules. */
export interface SessionKeys {
  readonly cipher: CipherName;
  readonly enc: Uint8Array;
  readonly mac: Uint8Array;
}

/** The keys of secure messaging from a shared secret, and for chip authentication the chip's nonce. */
export function deriveSessionKeys(
  crypto: Pick<Crypto, 'hash'>,
  cipher: CipherName,
  secret: Uint8Array,
  nonce: Uint8Array = NO_NONCE,
): SessionKeys {
  return {
    cipher,
    enc: derive(crypto, cipher, secret, nonce, COUNTER_ENC),
    mac: derive(crypto, cipher, secret, nonce, COUNTER_MAC),
  };
}

/** K_π, the key that encrypts PACE's nonce, from an encoded password. */
export function derivePasswordKey(crypto: Pick<Crypto, 'hash'>, cipher: CipherName, password: Uint8Array): Uint8Array {
  return derive(crypto, cipher, password, NO_NONCE, COUNTER_PASSWORD);
}

function derive(
  crypto: Pick<Crypto, 'hash'>,
  cipher: CipherName,
  secret: Uint8Array,
  nonce: Uint8Array,
  counter: number,
): Uint8Array {
  const input = new Uint8Array(secret.length + nonce.length + 4);
  input.set(secret);
  input.set(nonce, secret.length);
  input[input.length - 1] = counter;
  const keydata = crypto.hash(cipher === 'AES-128' ? 'sha-1' : 'sha-256', input);
  input.fill(0);
  const key = copyBytes(keydata, 0, keyLength(cipher));
  keydata.fill(0);
  return key;
}
