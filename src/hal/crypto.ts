/** A card image keeps places in this list: what is new goes to its end. */
export const HASH_NAMES = ['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512'] as const;
export type HashName = (typeof HASH_NAMES)[number];

/** Curves by the names of their standards (FIPS 186, RFC 5639). */
export const CURVE_NAMES = [
  'P-256',
  'P-384',
  'P-521',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
] as const;
export type CurveName = (typeof CURVE_NAMES)[number];

/** HMAC with its key already absorbed: what is made at power-on so that a tap pays for the message only. */
export interface KeyedHash {
  /** Bytes of a result. */
  readonly size: number;
  /** HMAC of `data[offset … offset + length)` into `target[targetOffset…]`, `size` bytes; allocates little. */
  digest(data: Uint8Array, offset: number, length: number, target: Uint8Array, targetOffset: number): void;
}

/** AES with its key schedule made: what a session of many messages keeps. Works in place and makes no buffers. */
export interface BlockCipher {
  /** One block in ECB at `offset`. @throws {RangeError} outside of the data */
  encryptBlock(data: Uint8Array, offset: number): void;
  /** CBC over `length` bytes at `offset`; the IV of 16 bytes is left as it is. @throws {CryptoError} lengths */
  cbcEncrypt(iv: Uint8Array, data: Uint8Array, offset: number, length: number): void;
  cbcDecrypt(iv: Uint8Array, data: Uint8Array, offset: number, length: number): void;
  /** Forgets the key; later calls throw an Error. */
  wipe(): void;
}

/** AES-CMAC (RFC 4493) with its key schedule and subkeys made. Takes a message in pieces and makes no buffers. */
export interface BlockMac {
  /** Adds `length` bytes at `offset` to the message. @throws {RangeError} outside of the data */
  update(data: Uint8Array, offset: number, length: number): void;
  /** Writes the first `size` bytes (1 to 16) of the MAC, and begins the next message. @throws {RangeError} */
  finish(target: Uint8Array, offset: number, size: number): void;
  /** Forgets the key; later calls throw an Error. */
  wipe(): void;
}

/** A fault of the caller's data (a point off the curve, a wrong length), told apart from a bug. */
export class CryptoError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CryptoError';
  }
}

/** The part that a card with codes and no keys needs; drivers can load it without the rest. */
export type KeyedHashes = Pick<Crypto, 'keyedHash'>;

/** All the cryptography that the core may use. Keys and results are plain bytes, big-endian. */
export interface Crypto {
  hash(name: HashName, data: Uint8Array): Uint8Array;
  /** HMAC (RFC 2104) with the key absorbed now. */
  keyedHash(name: HashName, key: Uint8Array): KeyedHash;
  /** AES-CMAC (RFC 4493), 16 bytes; key of 16, 24 or 32 bytes. @throws {CryptoError} key length */
  cmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** AES-CBC without padding; data a multiple of 16 bytes, IV of 16. @throws {CryptoError} lengths */
  aesCbcEncrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  aesCbcDecrypt(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array;
  /** @throws {CryptoError} a key that has not 16, 24 or 32 bytes */
  blockCipher(key: Uint8Array): BlockCipher;
  /** @throws {CryptoError} a key that has not 16, 24 or 32 bytes */
  blockMac(key: Uint8Array): BlockMac;
  /** A private key from the given seed bytes (field size + 8 bytes or more, uniformly random). */
  privateKey(curve: CurveName, seed: Uint8Array): Uint8Array;
  /** The public point `04 X Y`. @throws {CryptoError} private key out of range */
  publicKey(curve: CurveName, privateKey: Uint8Array): Uint8Array;
  /** X coordinate of the shared point. @throws {CryptoError} point off the curve or infinite, key out of range */
  ecdh(curve: CurveName, privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
  /**
   * `scalar` times a point, `04 X Y`: mapping and key agreement over another generator.
   * @throws {CryptoError} point off the curve or infinite, scalar not from 1 to the order less 1
   */
  multiply(curve: CurveName, scalar: Uint8Array, point: Uint8Array): Uint8Array;
  /** The sum of two points. @throws {CryptoError} a point off the curve, a sum that is infinite */
  addPoints(curve: CurveName, a: Uint8Array, b: Uint8Array): Uint8Array;
  /** Bytes of any length up to 128 as a number modulo the order, at the length of the order. @throws {CryptoError} length */
  reduceScalar(curve: CurveName, bytes: Uint8Array): Uint8Array;
  /** a · b⁻¹ modulo the order. @throws {CryptoError} a or b not from 1 to the order less 1 */
  divideScalars(curve: CurveName, a: Uint8Array, b: Uint8Array): Uint8Array;
  /** Deterministic ECDSA (RFC 6979) over a hash: `r ‖ s`. */
  ecdsaSign(curve: CurveName, privateKey: Uint8Array, digest: Uint8Array): Uint8Array;
  /** `r ‖ s`, high or low s. False for any malformed signature. @throws {CryptoError} public key */
  ecdsaVerify(curve: CurveName, publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
}
