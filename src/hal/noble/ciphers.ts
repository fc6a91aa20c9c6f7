import { cbc, cmac, unsafe } from '@noble/ciphers/aes.js';
import { type Crypto, CryptoError } from '../crypto.ts';
import { AesBlockCipher, AesBlockMac, type AesRounds, checkAesKey } from './block-cipher.ts';

const BLOCK_SIZE = 16;

/** What secure messaging needs of AES; loads without the curves. */
export type Ciphers = Pick<Crypto, 'cmac' | 'aesCbcEncrypt' | 'aesCbcDecrypt' | 'blockCipher' | 'blockMac'>;

/** noble's rounds: each block costs one object of some 40 bytes, in which it gives the words back. */
const nobleRounds: AesRounds = {
  encryptingSchedule: (key) => unsafe.expandKeyLE(key),
  decryptingSchedule: (key) => unsafe.expandKeyDecLE(key),
  encrypt(schedule, state) {
    const next = unsafe.encrypt(schedule as Uint32Array, state.s0, state.s1, state.s2, state.s3);
    state.s0 = next.s0;
    state.s1 = next.s1;
    state.s2 = next.s2;
    state.s3 = next.s3;
  },
  decrypt(schedule, state) {
    const next = unsafe.decrypt(schedule as Uint32Array, state.s0, state.s1, state.s2, state.s3);
    state.s0 = next.s0;
    state.s1 = next.s1;
    state.s2 = next.s2;
    state.s3 = next.s3;
  },
};

/** AES: CMAC and CBC, for one message and with a key that is kept. */
export function nobleCiphers(): Ciphers {
  return {
    blockCipher: (key) => new AesBlockCipher(nobleRounds, key),
    blockMac: (key) => new AesBlockMac(nobleRounds, key),
    cmac(key, data) {
      checkAesKey(key);
      return cmac(data, key);
    },
    aesCbcEncrypt(key, iv, data) {
      checkCbc(key, iv, data);
      return cbc(key, iv, { disablePadding: true }).encrypt(data);
    },
    aesCbcDecrypt(key, iv, data) {
      checkCbc(key, iv, data);
      return cbc(key, iv, { disablePadding: true }).decrypt(data);
    },
  };
}

function checkCbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array): void {
  checkAesKey(key);
  if (iv.length !== BLOCK_SIZE) throw new CryptoError(`an AES-CBC IV has 16 bytes, not ${iv.length}`);
  if (data.length % BLOCK_SIZE !== 0) {
    throw new CryptoError(`AES-CBC without padding takes a multiple of 16 bytes, not ${data.length}`);
  }
}
