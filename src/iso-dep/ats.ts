import { frameSize } from './frame-size.ts';

/** Answer to select of ISO/IEC 14443-4, and the request for it. Rates are the divisors D: 1, 2, 4, 8 times 106 kbit/s. */

export interface Ats {
  /** Frame size for the card, as a code 0 to 15. */
  readonly fsci: number;
  /** Largest frame that the card takes, in bytes with its CRC. */
  readonly fsc: number;
  /** Rates from card to reader that the card can do besides 1. */
  readonly toReader: readonly number[];
  /** Rates from reader to card that the card can do besides 1. */
  readonly toCard: readonly number[];
  /** Both directions must have the same rate. */
  readonly sameRateOnly: boolean;
  /** Frame waiting time integer, 0 to 14. */
  readonly fwi: number;
  /** Start-up frame guard time integer, 0 to 14. */
  readonly sfgi: number;
  readonly cidSupported: boolean;
  readonly nadSupported: boolean;
  readonly historicalBytes: Uint8Array;
}

const T0 = { HAS_TA: 0x10, HAS_TB: 0x20, HAS_TC: 0x40 } as const;

/** What holds where the ATS leaves out an interface byte. */
export const ATS_DEFAULTS = { fsci: 2, fwi: 4, sfgi: 0, cidSupported: true, nadSupported: false } as const;

/**
 * @param ats with its length byte, without CRC
 * @returns null when the length byte and the announced interface bytes do not fit
 */
export function parseAts(ats: Uint8Array): Ats | null {
  if (ats.length < 1 || ats[0] !== ats.length) return null;
  const t0 = ats.length > 1 ? (ats[1] as number) : ATS_DEFAULTS.fsci;
  let at = 2;
  const next = (announced: number): number | null => ((t0 & announced) === 0 ? null : (ats[at++] ?? -1));
  const announcedRates = next(T0.HAS_TA);
  const tb = next(T0.HAS_TB);
  const tc = next(T0.HAS_TC);
  if (announcedRates === -1 || tb === -1 || tc === -1) return null;
  const fsci = t0 & 0x0f;
  // A card that sets b4 is none of this standard: 106 kbit/s is all that it can be asked for.
  const ta = announcedRates === null || (announcedRates & 0x08) !== 0 ? 0 : announcedRates;
  return {
    fsci,
    fsc: frameSize(fsci),
    toReader: rates(ta >> 4),
    toCard: rates(ta),
    sameRateOnly: (ta & 0x80) !== 0,
    fwi: tb === null ? ATS_DEFAULTS.fwi : reservedAs(tb >> 4, ATS_DEFAULTS.fwi),
    sfgi: tb === null ? ATS_DEFAULTS.sfgi : reservedAs(tb & 0x0f, ATS_DEFAULTS.sfgi),
    cidSupported: tc === null ? ATS_DEFAULTS.cidSupported : (tc & 0x02) !== 0,
    nadSupported: tc === null ? ATS_DEFAULTS.nadSupported : (tc & 0x01) !== 0,
    historicalBytes: ats.subarray(Math.min(at, ats.length)),
  };
}

/** The ATS with all its interface bytes, without CRC. */
export function encodeAts(ats: Omit<Ats, 'fsc'>): Uint8Array {
  const ta = (ats.sameRateOnly ? 0x80 : 0) | (rateBits(ats.toReader) << 4) | rateBits(ats.toCard);
  const tb = (ats.fwi << 4) | ats.sfgi;
  const tc = (ats.cidSupported ? 0x02 : 0) | (ats.nadSupported ? 0x01 : 0);
  const t0 = T0.HAS_TA | T0.HAS_TB | T0.HAS_TC | ats.fsci;
  return Uint8Array.of(5 + ats.historicalBytes.length, t0, ta, tb, tc, ...ats.historicalBytes);
}

/** b3 to b1 of TA stand for 8, 4, 2. */
function rates(bits: number): number[] {
  return [2, 4, 8].filter((_, i) => (bits & (1 << i)) !== 0);
}

function rateBits(rates: readonly number[]): number {
  return [2, 4, 8].reduce((bits, rate, i) => bits | (rates.includes(rate) ? 1 << i : 0), 0);
}

/** 15 is reserved for FWI and SFGI. */
function reservedAs(value: number, fallback: number): number {
  return value === 15 ? fallback : value;
}

/** RATS without CRC: the reader's frame size code and the card identifier that it gives. */
export function encodeRats(fsdi: number, cid = 0): Uint8Array {
  return Uint8Array.of(0xe0, (fsdi << 4) | cid);
}

/** @returns null for what is no RATS, or gives the reserved CID 15 */
export function parseRats(frame: Uint8Array, offset: number, length: number): { fsdi: number; cid: number } | null {
  if (length !== 2 || frame[offset] !== 0xe0) return null;
  const parameter = frame[offset + 1] as number;
  const cid = parameter & 0x0f;
  return cid === 15 ? null : { fsdi: parameter >> 4, cid };
}
