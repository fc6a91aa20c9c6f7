import type { LinkPersonality } from './image/specification.ts';

/**
 * The ATR that a PC/SC reader shows for an ISO/IEC 14443-4 type A card (PC/SC part 3): `3B 8n 80 01`, the n
 * historical bytes, and TCK over all from 8n on.
 */
export function contactlessAtr(historicalBytes: Uint8Array): Uint8Array {
  const count = Math.min(historicalBytes.length, 15);
  const atr = new Uint8Array(5 + count);
  atr.set([0x3b, 0x80 | count, 0x80, 0x01]);
  atr.set(historicalBytes.subarray(0, count), 4);
  let check = 0;
  for (let i = 1; i < atr.length - 1; i++) check ^= atr[i] as number;
  atr[atr.length - 1] = check;
  return atr;
}

/** The card's ATR: its own where the profile gives one, otherwise that of a contactless card. */
export function answerToReset(link: LinkPersonality): Uint8Array {
  return link.atr ?? contactlessAtr(link.historicalBytes);
}
