import { copyBytes } from '../../apdu/copy-bytes.ts';
import { parseAts } from '../../iso-dep/ats.ts';

/** The most historical bytes that an ATR has room for. */
const MOST_HISTORICAL_BYTES = 15;

/**
 * The ATR that PC/SC part 3 makes of an ISO/IEC 14443-4 type A card: `3B 8n 80 01`, the n historical bytes, and TCK.
 * @param ats with its length byte; null or malformed for a card whose historical bytes are not known
 */
export function atrOfAts(ats: Uint8Array | null): Uint8Array {
  const historical = (ats === null ? null : parseAts(ats)?.historicalBytes) ?? new Uint8Array(0);
  const count = Math.min(historical.length, MOST_HISTORICAL_BYTES);
  const atr = new Uint8Array(5 + count);
  atr.set([0x3b, 0x80 | count, 0x80, 0x01]);
  atr.set(historical.subarray(0, count), 4);
  atr[4 + count] = atr.subarray(1, 4 + count).reduce((check, byte) => check ^ byte, 0);
  return atr;
}

/** The historical bytes in an ATR of ISO/IEC 7816-3; empty when it is cut short. */
export function historicalBytesOf(atr: Uint8Array): Uint8Array {
  const t0 = atr[1] ?? 0;
  let announced = t0 >> 4;
  let at = 2;
  while (announced !== 0) {
    // TDi says which interface bytes follow it; without one the historical bytes do.
    const hasTd = (announced & 0x08) !== 0;
    at += [0x01, 0x02, 0x04].filter((bit) => (announced & bit) !== 0).length;
    announced = hasTd ? (atr[at++] ?? 0) >> 4 : 0;
  }
  const count = t0 & 0x0f;
  return at + count <= atr.length ? copyBytes(atr, at, at + count) : new Uint8Array(0);
}
