import type { Ats } from './ats.ts';
import { type BitRate, type BitRates, codeOfRate, RATE_OF_CODE } from './bit-rate.ts';

/** Protocol and parameter selection of ISO/IEC 14443-4: the reader chooses bit rates of those in the ATS. */

const PPSS = 0xd0;
const PPS0 = { FIXED: 0x01, HAS_PPS1: 0x10 } as const;

/** Start byte, which is also the whole answer. */
export function ppsStart(cid: number): number {
  return PPSS | cid;
}

/** PPS request without CRC. */
export function encodePps(cid: number, rates: BitRates): Uint8Array {
  const pps1 = (codeOfRate(rates.toReader) << 2) | codeOfRate(rates.toCard);
  return Uint8Array.of(ppsStart(cid), PPS0.FIXED | PPS0.HAS_PPS1, pps1);
}

/** @returns null for what is no PPS request; rates are 1 where PPS1 is left out */
export function parsePps(frame: Uint8Array, offset: number, length: number): (BitRates & { cid: number }) | null {
  if (length < 2 || ((frame[offset] as number) & 0xf0) !== PPSS) return null;
  const cid = (frame[offset] as number) & 0x0f;
  const pps0 = frame[offset + 1] as number;
  if (pps0 === PPS0.FIXED) return length === 2 ? { cid, toCard: 1, toReader: 1 } : null;
  if (pps0 !== (PPS0.FIXED | PPS0.HAS_PPS1) || length !== 3) return null;
  const pps1 = frame[offset + 2] as number;
  if ((pps1 & 0xf0) !== 0) return null;
  return { cid, toCard: RATE_OF_CODE[pps1 & 0x03] as BitRate, toReader: RATE_OF_CODE[pps1 >> 2] as BitRate };
}

/** Whether a card with this ATS can do these rates. */
export function offersRates(ats: Omit<Ats, 'fsc'>, rates: BitRates): boolean {
  if (ats.sameRateOnly && rates.toCard !== rates.toReader) return false;
  const toCard = rates.toCard === 1 || ats.toCard.includes(rates.toCard);
  return toCard && (rates.toReader === 1 || ats.toReader.includes(rates.toReader));
}

/** The highest rates that the card offers, none above those wanted. */
export function bestRates(ats: Omit<Ats, 'fsc'>, wanted: BitRates): BitRates {
  let best: BitRates = { toCard: 1, toReader: 1 };
  for (const toCard of RATE_OF_CODE) {
    for (const toReader of RATE_OF_CODE) {
      if (toCard > wanted.toCard || toReader > wanted.toReader) continue;
      if (!offersRates(ats, { toCard, toReader })) continue;
      if (toCard + toReader > best.toCard + best.toReader) best = { toCard, toReader };
    }
  }
  return best;
}
