import { copyBytes } from '../../apdu/copy-bytes.ts';
import { crc32 } from '../../hal/crc32.ts';
import { type CurveName, HASH_NAMES } from '../../hal/crypto.ts';
import {
  type Authorization,
  authorizationLength,
  CertificateError,
  domainParameters,
  encodeDate,
  fieldLength,
  type ImportedKey,
  roleOf,
  standardizedParameters,
  type TrustState,
} from '../../secure-channel/index.ts';
import { MOST_TRUST_POINTS, TERMINAL_TYPES, TRUST, TRUST_POINT } from '../image/layout.ts';

const LONGEST_NAME = 16;

/** Whether bytes are a number from 1 to the order of the curve less 1, at its length. */
export function isPrivateKey(curve: CurveName, value: Uint8Array): boolean {
  const { order } = domainParameters(curve);
  if (value.length !== order.length || value.every((byte) => byte === 0)) return false;
  for (let i = 0; i < order.length; i++) {
    if (value[i] !== order[i]) return (value[i] as number) < (order[i] as number);
  }
  return false;
}

/** Trust points and date as the image keeps them, checksum included; null when they do not fit. */
export function encodeTrust({ trustPoints, date }: TrustState): Uint8Array | null {
  if (trustPoints.length === 0 || trustPoints.length > MOST_TRUST_POINTS || !isDate(date)) return null;
  const bytes = new Uint8Array(TRUST.SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(TRUST.DATE, date);
  bytes[TRUST.COUNT] = trustPoints.length;
  for (const [i, point] of trustPoints.entries()) {
    if (!writePoint(bytes, TRUST.POINTS + i * TRUST_POINT.SIZE, point)) return null;
  }
  view.setUint32(TRUST.CRC, crc32(bytes, 0, TRUST.CRC));
  return bytes;
}

function writePoint(bytes: Uint8Array, at: number, key: ImportedKey): boolean {
  const { holderReference, hash, curve, point, chain, effectiveDate, expirationDate } = key;
  const authorization = chain[0] as Authorization;
  if (holderReference.length > LONGEST_NAME || chain.length !== 1) return false;
  const view = new DataView(bytes.buffer);
  bytes[at + TRUST_POINT.NAME_LENGTH] = holderReference.length;
  bytes.set(holderReference, at + TRUST_POINT.NAME);
  bytes[at + TRUST_POINT.HASH] = HASH_NAMES.indexOf(hash);
  bytes[at + TRUST_POINT.CURVE] = domainParameters(curve).id;
  bytes[at + TRUST_POINT.TYPE] = TERMINAL_TYPES.indexOf(authorization.type);
  bytes.set(authorization.bits, at + TRUST_POINT.RIGHTS);
  view.setUint32(at + TRUST_POINT.EFFECTIVE, effectiveDate);
  view.setUint32(at + TRUST_POINT.EXPIRATION, expirationDate);
  bytes[at + TRUST_POINT.POINT_LENGTH] = point.length;
  bytes.set(point, at + TRUST_POINT.POINT);
  return true;
}

/** @param bytes {@link TRUST}.SIZE of them. @returns null when they are not what {@link encodeTrust} makes */
export function decodeTrust(bytes: Uint8Array): TrustState | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const date = view.getUint32(TRUST.DATE);
  const count = bytes[TRUST.COUNT] as number;
  if (view.getUint32(TRUST.CRC) !== crc32(bytes, 0, TRUST.CRC)) return null;
  if (count < 1 || count > MOST_TRUST_POINTS || !isDate(date)) return null;
  const trustPoints: ImportedKey[] = [];
  for (let i = 0; i < count; i++) {
    const point = readPoint(bytes, view, TRUST.POINTS + i * TRUST_POINT.SIZE);
    if (point === null) return null;
    trustPoints.push(point);
  }
  return { date, trustPoints };
}

function readPoint(bytes: Uint8Array, view: DataView, at: number): ImportedKey | null {
  const nameLength = bytes[at + TRUST_POINT.NAME_LENGTH] as number;
  const hash = HASH_NAMES[bytes[at + TRUST_POINT.HASH] as number];
  const curve = standardizedParameters(bytes[at + TRUST_POINT.CURVE] as number)?.curve;
  const type = TERMINAL_TYPES[bytes[at + TRUST_POINT.TYPE] as number];
  const length = bytes[at + TRUST_POINT.POINT_LENGTH] as number;
  const effectiveDate = view.getUint32(at + TRUST_POINT.EFFECTIVE);
  const expirationDate = view.getUint32(at + TRUST_POINT.EXPIRATION);
  if (nameLength < 1 || nameLength > LONGEST_NAME || hash === undefined || curve === undefined) return null;
  if (type === undefined || length !== 1 + 2 * fieldLength(curve) || bytes[at + TRUST_POINT.POINT] !== 0x04)
    return null;
  if (!isDate(effectiveDate) || !isDate(expirationDate)) return null;
  const rights = at + TRUST_POINT.RIGHTS;
  const authorization = { type, bits: copyBytes(bytes, rights, rights + authorizationLength(type)) };
  if (roleOf(authorization) !== 'CVCA') return null;
  return {
    holderReference: copyBytes(bytes, at + TRUST_POINT.NAME, at + TRUST_POINT.NAME + nameLength),
    hash,
    curve,
    point: copyBytes(bytes, at + TRUST_POINT.POINT, at + TRUST_POINT.POINT + length),
    chain: [authorization],
    effectiveDate,
    expirationDate,
    extensions: null,
  };
}

function isDate(date: number): boolean {
  try {
    encodeDate(date);
    return date <= 991_231;
  } catch (error) {
    if (error instanceof CertificateError) return false;
    throw error;
  }
}
