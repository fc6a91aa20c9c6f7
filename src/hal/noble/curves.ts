import type { ECDSA } from '@noble/curves/abstract/weierstrass.js';
import { brainpoolP256r1, brainpoolP384r1, brainpoolP512r1 } from '@noble/curves/misc.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { type Crypto, CryptoError, type CurveName } from '../crypto.ts';

const CURVES: Readonly<Record<CurveName, ECDSA>> = {
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

/**
 * ECDH and ECDSA. Only uncompressed points (`04 X Y`) are keys.
 *
 * The hash inside RFC 6979 is the one of the curve's size (SHA-256, SHA-384, SHA-512), whatever made the digest.
 */
export function nobleCurves(): Pick<Crypto, 'privateKey' | 'publicKey' | 'ecdh' | 'ecdsaSign' | 'ecdsaVerify'> {
  return {
    privateKey(name, seed) {
      const { Fn, Fp } = CURVES[name].Point;
      const shortest = Fp.BYTES + EXTRA_SEED_BYTES;
      if (seed.length < shortest) {
        throw new CryptoError(
          `a private key of ${name} is made of ${shortest} random bytes or more, not ${seed.length}`,
        );
      }
      let number = 0n;
      for (const byte of seed) number = (number << 8n) | BigInt(byte);
      return Fn.toBytes((number % (Fn.ORDER - 1n)) + 1n);
    },
    publicKey(name, privateKey) {
      checkPrivateKey(name, privateKey);
      return CURVES[name].getPublicKey(privateKey, false);
    },
    ecdh(name, privateKey, publicKey) {
      checkPrivateKey(name, privateKey);
      const curve = CURVES[name];
      const shared = point(name, publicKey).multiply(curve.Point.Fn.fromBytes(privateKey));
      return curve.Point.Fp.toBytes(shared.toAffine().x);
    },
    ecdsaSign(name, privateKey, digest) {
      checkPrivateKey(name, privateKey);
      return CURVES[name].sign(digest, privateKey, SIGNATURE_OPTIONS);
    },
    ecdsaVerify(name, publicKey, digest, signature) {
      point(name, publicKey);
      const curve = CURVES[name];
      if (signature.length !== 2 * curve.Point.Fn.BYTES) return false;
      return curve.verify(signature, digest, publicKey, SIGNATURE_OPTIONS);
    },
  };
}

/** The error says nothing of the key, and neither would noble's be worth having as its cause. */
function checkPrivateKey(name: CurveName, privateKey: Uint8Array): void {
  const curve = CURVES[name];
  if (privateKey.length !== curve.Point.Fn.BYTES || !curve.utils.isValidSecretKey(privateKey)) {
    throw new CryptoError(`not a private key of ${name}: ${curve.Point.Fn.BYTES} bytes, from 1 to the order less 1`);
  }
}

function point(name: CurveName, publicKey: Uint8Array): Point {
  const { Point } = CURVES[name];
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
