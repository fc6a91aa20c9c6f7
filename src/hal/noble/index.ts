import type { Crypto } from '../crypto.ts';
import { nobleCiphers } from './ciphers.ts';
import { nobleCurves } from './curves.ts';
import { nobleHashes } from './hashes.ts';

/**
 * All of Crypto over @noble/hashes, @noble/ciphers and @noble/curves.
 *
 * Loading the curves takes some 40 ms: a command whose card has codes only should import `./hashes.ts` alone.
 */
export function nobleCrypto(): Crypto {
  return { ...nobleHashes(), ...nobleCiphers(), ...nobleCurves() };
}
