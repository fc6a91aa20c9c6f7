import type { ECDSA } from '@noble/curves/abstract/weierstrass.js';
import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { Crypto, CurveName } from '../../../src/hal/crypto.ts';
import { NOBLE_CURVES } from '../../../src/hal/noble/curves.ts';
import { type Spent, timed } from './timed.ts';

/** What takes a protocol its time. Numbers modulo the order are no such operations, nor are hashes and AES. */
const OPERATIONS = ['publicKey', 'multiply', 'ecdh', 'addPoints', 'ecdsaSign', 'ecdsaVerify'] as const;

/** `checkPoint`: a verification without a signature, which only asks whether the key is a point. */
export type OperationName = (typeof OPERATIONS)[number] | 'checkPoint';

/** One operation as a protocol asked for it, with copies of its operands. */
export interface CurveOperation {
  readonly name: OperationName;
  readonly curve: CurveName;
  readonly operands: readonly Uint8Array[];
}

/** The same `crypto`, which notes each operation on a curve. @param note called before the operation */
export function noting(crypto: Crypto, note: (operation: CurveOperation) => void): Crypto {
  const noted = { ...crypto } as { -readonly [name in keyof Crypto]: Crypto[name] };
  for (const name of OPERATIONS) {
    const operation = crypto[name] as (curve: CurveName, ...operands: Uint8Array[]) => never;
    noted[name] = (curve: CurveName, ...operands: Uint8Array[]) => {
      const checks = name === 'ecdsaVerify' && operands[2]?.length === 0;
      note({ name: checks ? 'checkPoint' : name, curve, operands: operands.map((each) => copyBytes(each)) });
      return operation(curve, ...operands);
    };
  }
  return noted;
}

const SIGNATURE = { prehash: false, lowS: false, format: 'compact' } as const;

/**
 * The same operations by noble's own functions, without our driver and without a protocol: bytes in, bytes out, a point
 * from outside checked. What our driver adds to them counts as the protocol's.
 */
const ALONE: Readonly<Record<OperationName, (curve: ECDSA, operands: readonly Uint8Array[]) => unknown>> = {
  publicKey: (curve, [key]) => curve.getPublicKey(key as Uint8Array, false),
  multiply: (curve, [scalar, point]) => curve.getSharedSecret(scalar as Uint8Array, point as Uint8Array, false),
  ecdh: (curve, [key, point]) => curve.getSharedSecret(key as Uint8Array, point as Uint8Array, false),
  addPoints: ({ Point }, [a, b]) =>
    Point.fromBytes(a as Uint8Array)
      .add(Point.fromBytes(b as Uint8Array))
      .toBytes(false),
  ecdsaSign: (curve, [key, digest]) => curve.sign(digest as Uint8Array, key as Uint8Array, SIGNATURE),
  ecdsaVerify: (curve, [key, digest, signature]) =>
    curve.verify(signature as Uint8Array, digest as Uint8Array, key as Uint8Array, SIGNATURE),
  checkPoint: (curve, [key]) => curve.Point.fromBytes(key as Uint8Array),
};

/** @returns what noble gives: for ECDH the whole point */
export function doAlone({ name, curve, operands }: CurveOperation): unknown {
  return ALONE[name](NOBLE_CURVES[curve], operands);
}

/** Does them again, one after the other, with the same operands. */
export function timeAlone(operations: readonly CurveOperation[]): Spent {
  return timed(() => {
    for (const operation of operations) doAlone(operation);
  }).spent;
}
