import type { ECDSA } from '@noble/curves/abstract/weierstrass.js';
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from '@noble/curves/misc.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { type Crypto, CryptoError, type CurveName } from '../crypto.ts';

/** noble's own, by our names. */
export const NOBLE_CURVES: Readonly<Record<CurveName, ECDSA>> = {
  'P-256': p256,
  'P-384': p384,
  'P-521': p521,
  brainpoolP256r1,
  brainpoolP384r1,
  brainpoolP512r1,
};

/** The digest is signed as it is, and s is whatever the standard's arithmetic gives: noble would choose the lower one. */
const SIGNATURE_OPTIONS = { prehash: false, lowS: false, format: 'compact' } as const;

/** FIPS 186 wants 64 random bits more than the order has. */
const EXTRA_SEED_BYTES = 8;

type Point = InstanceType<ECDSA['Point']>;

/** Twice the largest order, and more than any nonce. */
const LONGEST_NUMBER = 128;

/** What a driver for curves gives. */
export type Curves = Pick<
  Crypto,
  | 'privateKey'
  | 'publicKey'
  | 'ecdh'
  | 'multiply'
  | 'addPoints'
  | 'reduceScalar'
  | 'divideScalars'
  | 'ecdsaSign'
  | 'ecdsaVerify'
>;

/**
 * Points, ECDH and ECDSA. Only uncompressed points (`04 X Y`) are keys.
 *
 * The hash inside RFC 6979 is the one of the curve's size (SHA-256, SHA-384, SHA-512), whatever made the digest.
 */
export function nobleCurves(): Curves {
  return {
    privateKey(name, seed) {
      const { Fn, Fp } = NOBLE_CURVES[name].Point;
      const shortest = Fp.BYTES + EXTRA_SEED_BYTES;
      if (seed.length < shortest) {
        throw new CryptoError(
          `a private key of ${name} is made of ${shortest} random bytes or more, not ${seed.length}`,
        );
      }
      return Fn.toBytes((numberOf(seed) % (Fn.ORDER - 1n)) + 1n);
    },
    publicKey(name, privateKey) {
      checkPrivateKey(name, privateKey);
      return NOBLE_CURVES[name].getPublicKey(privateKey, false);
    },
    ecdh(name, privateKey, publicKey) {
      checkPrivateKey(name, privateKey);
      const curve = NOBLE_CURVES[name];
      const shared = point(name, publicKey).multiply(curve.Point.Fn.fromBytes(privateKey));
      return curve.Point.Fp.toBytes(shared.toAffine().x);
    },
    multiply(name, scalar, base) {
      checkPrivateKey(name, scalar);
      return encoded(point(name, base).multiply(NOBLE_CURVES[name].Point.Fn.fromBytes(scalar)));
    },
    addPoints(name, a, b) {
      const sum = point(name, a).add(point(name, b));
      if (sum.is0()) throw new CryptoError(`the sum of these points of ${name} is infinite`);
      return encoded(sum);
    },
    reduceScalar(name, bytes) {
      if (bytes.length > LONGEST_NUMBER) throw new CryptoError(`a number of ${bytes.length} bytes is too long`);
      const { Fn } = NOBLE_CURVES[name].Point;
      return Fn.toBytes(Fn.create(numberOf(bytes)));
    },
    divideScalars(name, a, b) {
      checkPrivateKey(name, a);
      checkPrivateKey(name, b);
      const { Fn } = NOBLE_CURVES[name].Point;
      return Fn.toBytes(Fn.div(Fn.fromBytes(a), Fn.fromBytes(b)));
    },
    ecdsaSign(name, privateKey, digest) {
      checkPrivateKey(name, privateKey);
      return NOBLE_CURVES[name].sign(digest, privateKey, SIGNATURE_OPTIONS);
    },
    ecdsaVerify(name, publicKey, digest, signature) {
      point(name, publicKey);
      const curve = NOBLE_CURVES[name];
      if (signature.length !== 2 * curve.Point.Fn.BYTES) return false;
      return curve.verify(signature, digest, publicKey, SIGNATURE_OPTIONS);
    },
  };
}

/**
 * The same without noble's tables of multiples of each generator, which take hundreds of kilobytes and are only worth it
 * where many keys are made. They are noble's own: this takes them from every user of the curves in this program.
 */
export function nobleCurvesWithoutTables(): Curves {
  for (const { Point } of Object.values(NOBLE_CURVES)) Point.BASE.precompute(1);
  return nobleCurves();
}

function numberOf(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  return number;
}

/** Infinity has no such form; it never gets here. */
function encoded(of: Point): Uint8Array {
  return of.toBytes(false);
}

/** The error says nothing of the key, and neither would noble's be worth having as its cause. */
function checkPrivateKey(name: CurveName, privateKey: Uint8Array): void {
  const curve = NOBLE_CURVES[name];
  if (privateKey.length !== curve.Point.Fn.BYTES || !curve.utils.isValidSecretKey(privateKey)) {
    throw new CryptoError(`not a private key of ${name}: ${curve.Point.Fn.BYTES} bytes, from 1 to the order less 1`);
  }
}

function point(name: CurveName, publicKey: Uint8Array): Point {
  const { Point } = NOBLE_CURVES[name];
  if (publicKey.length !== 1 + 2 * Point.Fp.BYTES || publicKey[0] !== 0x04) {
    throw new CryptoError(`not a public key of ${name}: ${1 + 2 * Point.Fp.BYTES} bytes beginning with 04`);
  }
  try {
    const decoded = Point.fromBytes(publicKey);
    decoded.assertValidity();
    return decoded;
  } catch (cause) {
    throw new CryptoError(`not a public key of ${name}: no point of the curve`, { cause });
  }
}
