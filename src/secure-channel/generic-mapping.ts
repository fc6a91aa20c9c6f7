/**
 * The generic mapping of PACE (BSI TR-03110-3 A.3.4.1) and what the chip authentication mapping adds to it
 * (ICAO Doc 9303-11).
 *
 * 1. Both sides exchange ephemeral public keys over the curve's generator G.
 * 2. H is the point that they share, both of its coordinates.
 * 3. The mapped generator is s · G + H, s the nonce as a number.
 *
 * Chip authentication mapping: with the private key of its mapping key m and its static key k, the chip computes
 * CA = m · k⁻¹ modulo the order. It is encrypted under K_ENC with IV = E(K_ENC, FF … FF), always padded.
 * The terminal accepts it when CA times the static public key is the chip's mapping key.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import { type Crypto, CryptoError, type CurveName } from '../hal/crypto.ts';
import { BLOCK_SIZE, pad, paddedLength, unpaddedLength } from './secure-session.ts';

export type MappingCrypto = Pick<Crypto, 'multiply' | 'addPoints' | 'publicKey' | 'reduceScalar'>;

/** s · G: known as soon as the nonce is. @throws {CryptoError} a nonce that is 0 modulo the order */
export function nonceTimesGenerator(crypto: MappingCrypto, curve: CurveName, nonce: Uint8Array): Uint8Array {
  const scalar = crypto.reduceScalar(curve, nonce);
  const point = crypto.publicKey(curve, scalar);
  scalar.fill(0);
  return point;
}

/**
 * s · G + H. @param noncePoint s · G
 * @throws {CryptoError} the other side's key is no point of the curve, or the sum is infinite
 */
export function mappedGenerator(
  crypto: MappingCrypto,
  curve: CurveName,
  noncePoint: Uint8Array,
  privateKey: Uint8Array,
  otherPublicKey: Uint8Array,
): Uint8Array {
  const shared = crypto.multiply(curve, privateKey, otherPublicKey);
  const generator = crypto.addPoints(curve, noncePoint, shared);
  shared.fill(0);
  return generator;
}

/** DO 8A of the chip: encrypted chip authentication data. */
export function sealChipAuthenticationData(
  crypto: Pick<Crypto, 'blockCipher' | 'divideScalars'>,
  curve: CurveName,
  mappingKey: Uint8Array,
  staticKey: Uint8Array,
  encKey: Uint8Array,
): Uint8Array {
  const data = crypto.divideScalars(curve, mappingKey, staticKey);
  const padded = new Uint8Array(paddedLength(data.length));
  padded.set(data);
  pad(padded, data.length, padded.length - data.length);
  data.fill(0);
  const cipher = crypto.blockCipher(encKey);
  cipher.cbcEncrypt(ivOfOnes(cipher), padded, 0, padded.length);
  cipher.wipe();
  return padded;
}

/** The terminal's side of {@link sealChipAuthenticationData}: CA, or null where the bytes are no padded blocks. */
export function openChipAuthenticationData(
  crypto: Pick<Crypto, 'blockCipher'>,
  sealed: Uint8Array,
  encKey: Uint8Array,
): Uint8Array | null {
  if (sealed.length === 0 || sealed.length % BLOCK_SIZE !== 0) return null;
  const data = copyBytes(sealed);
  const cipher = crypto.blockCipher(encKey);
  cipher.cbcDecrypt(ivOfOnes(cipher), data, 0, data.length);
  cipher.wipe();
  const length = unpaddedLength(data, 0, data.length);
  return length < 0 ? null : copyBytes(data, 0, length);
}

/**
 * Whether the chip that did this PACE has the private key of `staticPublicKey`, which comes signed out of
 * EF.CardSecurity. Only after that is the chip more than somebody who knows the password.
 */
export function provesStaticKey(
  crypto: Pick<Crypto, 'multiply'>,
  curve: CurveName,
  chipAuthenticationData: Uint8Array,
  staticPublicKey: Uint8Array,
  chipMappingKey: Uint8Array,
): boolean {
  try {
    return sameBytes(crypto.multiply(curve, chipAuthenticationData, staticPublicKey), chipMappingKey);
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

function ivOfOnes(cipher: { encryptBlock(data: Uint8Array, offset: number): void }): Uint8Array {
  const iv = new Uint8Array(BLOCK_SIZE).fill(0xff);
  cipher.encryptBlock(iv, 0);
  return iv;
}
