import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { ClaimError, numberedMap } from './cwt.ts';

/** A P-256 public key as COSE_Key (RFC 9052, RFC 9053): key type EC2, curve, both coordinates. */

const LABEL = { KEY_TYPE: 1, CURVE: -1, X: -2, Y: -3 } as const;
const EC2 = 2;
const P_256 = 1;
const COORDINATE_LENGTH = 32;

/** @param point `04 X Y`, 65 bytes */
export function coseKeyOf(point: Uint8Array): ReadonlyMap<number, unknown> {
  if (point.length !== 65 || point[0] !== 4) throw new RangeError('not an uncompressed point of P-256');
  return new Map<number, unknown>([
    [LABEL.KEY_TYPE, EC2],
    [LABEL.CURVE, P_256],
    [LABEL.X, copyBytes(point, 1, 33)],
    [LABEL.Y, copyBytes(point, 33)],
  ]);
}

/** The point `04 X Y`; that it lies on the curve is seen when it is used. @throws {ClaimError} another kind of key */
export function pointOfCoseKey(value: unknown): Uint8Array {
  const key = numberedMap(value, "the holder's key");
  const [x, y] = [key.get(LABEL.X), key.get(LABEL.Y)];
  if (key.size !== 4 || key.get(LABEL.KEY_TYPE) !== EC2 || key.get(LABEL.CURVE) !== P_256) {
    throw new ClaimError("the holder's key is not on P-256");
  }
  if (!isCoordinate(x) || !isCoordinate(y)) throw new ClaimError("the holder's key has no two coordinates of 32 bytes");
  return Uint8Array.of(4, ...x, ...y);
}

/** How our messages name a key: the first 8 bytes of SHA-256 over `04 X Y`. */
export function keyIdOfPoint(point: Uint8Array, crypto: Pick<Crypto, 'hash'>): Uint8Array {
  return copyBytes(crypto.hash('sha-256', point), 0, 8);
}

function isCoordinate(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === COORDINATE_LENGTH;
}
