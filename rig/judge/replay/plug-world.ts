import type { Crypto } from '../../../src/hal/crypto.ts';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import { systemRandom } from '../../../src/hal/system/random.ts';
import type { PlugWorld } from './plugs.ts';

/** What plugs compute with, outside of tests. */
export function replayWorld(): PlugWorld {
  const crypto: Crypto = nobleCrypto();
  return { crypto, random: systemRandom, memory: new Map() };
}
