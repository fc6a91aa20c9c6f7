import { cbc, cmac } from '@noble/ciphers/aes.js';
import { type Crypto, CryptoError } from '../crypto.ts';
import { checkAesKey, nobleBlockCipher, nobleBlockMac } from './block-cipher.ts';

const BLOCK_SIZE = 16;

/** What secure messaging needs of AES; loads without the curves. */
export type Ciphers = Pick<Crypto, 'cmac' | 'aesCbcEncrypt' | 'aesCbcDecrypt' | 'blockCipher' | 'blockMac'>;

/** AES: CMAC and CBC, for one message and with a key that is kept. */
export function nobleCiphers(): Ciphers {
  return {
    blockCipher: nobleBlockCipher,
    blockMac: nobleBlockMac,
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
