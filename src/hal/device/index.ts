import { copyBytes } from '../../apdu/copy-bytes.ts';
import type { Crypto } from '../crypto.ts';
import { AesBlockCipher, AesBlockMac } from '../noble/block-cipher.ts';
import { nobleCurvesWithoutTables } from '../noble/curves.ts';
import { nobleHashes } from '../noble/hashes.ts';
import { deviceAes } from './aes.ts';

const MAC_SIZE = 16;

/**
 * All of Crypto for a microcontroller, with the RAM that it has: AES with small tables, and curves that keep no
 * multiples of their generator. The curves are noble's, for the whole program: nothing else may want its tables.
 */
export function deviceCrypto(): Crypto {
  return {
    ...nobleHashes(),
    ...nobleCurvesWithoutTables(),
    blockCipher: (key) => new AesBlockCipher(deviceAes, key),
    blockMac: (key) => new AesBlockMac(deviceAes, key),
    cmac(key, data) {
      const mac = new AesBlockMac(deviceAes, key);
      const result = new Uint8Array(MAC_SIZE);
      mac.update(data, 0, data.length);
      mac.finish(result, 0, MAC_SIZE);
      mac.wipe();
      return result;
    },
    aesCbcEncrypt: (key, iv, data) => once(key, data, (cipher, copy) => cipher.cbcEncrypt(iv, copy, 0, copy.length)),
    aesCbcDecrypt: (key, iv, data) => once(key, data, (cipher, copy) => cipher.cbcDecrypt(iv, copy, 0, copy.length)),
  };
}

function once(key: Uint8Array, data: Uint8Array, work: (cipher: AesBlockCipher, copy: Uint8Array) => void): Uint8Array {
  const copy = copyBytes(data, 0, data.length);
  const cipher = new AesBlockCipher(deviceAes, key);
  try {
    work(cipher, copy);
  } finally {
    cipher.wipe();
  }
  return copy;
}
