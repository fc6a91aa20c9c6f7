import { cbc, cmac } from '@noble/ciphers/aes.js';
import { type Crypto, CryptoError } from '../crypto.ts';

const BLOCK_SIZE = 16;

/** AES: CMAC and CBC. */
export function nobleCiphers(): Pick<Crypto, 'cmac' | 'aesCbcEncrypt' | 'aesCbcDecrypt'> {
  return {
    cmac(key, data) {
      checkKey(key);
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

function checkKey(key: Uint8Array): void {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32) {
    throw new CryptoError(`an AES key has 16, 24 or 32 bytes, not ${key.length}`);
  }
}

function checkCbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array): void {
  checkKey(key);
  if (iv.length !== BLOCK_SIZE) throw new CryptoError(`an AES-CBC IV has 16 bytes, not ${iv.length}`);
  if (data.length % BLOCK_SIZE !== 0) {
    throw new CryptoError(`AES-CBC without padding takes a multiple of 16 bytes, not ${data.length}`);
  }
}
