import { sha256 } from '@noble/hashes/sha2.js';
import type { KeyedHashes } from '../crypto.ts';
import { type HashFunction, NobleKeyedHash } from './keyed-hash.ts';

/** What a card with codes alone computes: HMAC with SHA-256. The tables of the other hashes take RAM of a microcontroller. */
export function nobleCodeHashes(): KeyedHashes {
  return {
    keyedHash(name, key) {
      if (name !== 'sha-256') throw new RangeError(`codes are kept by sha-256, not ${name}`);
      return new NobleKeyedHash(sha256 as HashFunction, key);
    },
  };
}
