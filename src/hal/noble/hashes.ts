import { sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { Crypto, HashName } from '../crypto.ts';
import { type HashFunction, NobleKeyedHash } from './keyed-hash.ts';

/** What a card needs that has codes but no keys. */
export type Hashes = Pick<Crypto, 'hash' | 'keyedHash'>;

const HASHES: Readonly<Record<HashName, HashFunction>> = {
  'sha-1': sha1 as HashFunction,
  'sha-224': sha224 as HashFunction,
  'sha-256': sha256 as HashFunction,
  'sha-384': sha384 as HashFunction,
  'sha-512': sha512 as HashFunction,
};

/** Hash and HMAC alone: a quarter of the loading time of the whole. */
export function nobleHashes(): Hashes {
  return {
    hash: (name, data) => HASHES[name](data),
    keyedHash: (name, key) => new NobleKeyedHash(HASHES[name], key),
  };
}
