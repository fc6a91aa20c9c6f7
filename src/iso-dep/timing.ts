import type { BitRate } from './bit-rate.ts';

/** How long things take on air, in carrier cycles: whole periods of 13.56 MHz. ISO/IEC 14443-3 type A and -4. */

export const CARRIER_HZ = 13_560_000;

/** Longest frame waiting time, FWI 14: 4.949 s. */
export const FWT_MAX_CYCLES: number = 4096 * 2 ** 14;

/** Time for the ATS to begin, and for the answer to S(DESELECT): 4.833 ms. */
export const FWT_ACTIVATION_CYCLES = 65_536;

/** What NFC Forum readers wait on top of the frame waiting time: 3.62 ms. */
export const DELTA_FWT_CYCLES = 49_152;

/** From the end of a card's frame to the reader's next one, at least: 86.4 µs. */
export const FDT_TO_CARD_CYCLES = 1172;

/** A card's answer begins a whole number of these after the shortest delay. */
export const FDT_STEP_CYCLES = 128;

/** One bit. */
export function etuCycles(rate: BitRate): number {
  return 128 / rate;
}

/** Frame waiting time. @param fwi 0 to 14 */
export function fwtCycles(fwi: number): number {
  return 4096 * 2 ** fwi;
}

/** Start-up frame guard time: none for 0. @param sfgi 0 to 14 */
export function sfgtCycles(sfgi: number): number {
  return sfgi === 0 ? 0 : 4096 * 2 ** sfgi;
}

/** Rounded to whole nanoseconds: a cycle is 25000/339 ns. */
export function cyclesToNs(cycles: number): number {
  return Math.round((cycles * 25_000) / 339);
}

/** Rounded up: a wait in cycles is never shorter than that in nanoseconds. */
export function nsToCycles(ns: number): number {
  return Math.ceil((ns * 339) / 25_000);
}

/** Rounded up. */
export function microsecondsToCycles(microseconds: number): number {
  return Math.ceil(microseconds * 13.56);
}

/** Which way a frame goes. */
export type Direction = 'to-card' | 'to-reader';

/**
 * A standard frame: a start bit, and nine bits a byte with its parity. Above 106 kbit/s the card begins with 32 periods
 * of its subcarrier. The end of a frame is part of the delay that follows it.
 * @param bytes with the CRC
 */
export function frameCycles(bytes: number, rate: BitRate, direction: Direction): number {
  const lead = direction === 'to-reader' && rate > 1 ? 32 * 16 : 0;
  return lead + (9 * bytes + 1) * etuCycles(rate);
}

/** REQA and WUPA: a start bit and seven bits. */
export const SHORT_FRAME_CYCLES: number = 8 * 128;

/**
 * The shortest delay from a reader's frame to the card's answer: (n · 128 + k)/fc, n being 9 at 106 kbit/s and 8 above,
 * k depending on the rate and the last bit sent. REQA, WUPA, anticollision and SELECT are answered after exactly that.
 * @param lastBit of the reader's frame; without it the mean of both
 */
export function fdtToReaderCycles(rate: BitRate, lastBit?: 0 | 1): number {
  const { zero, one } = FDT_TO_READER[rate];
  if (lastBit === undefined) return (zero + one) / 2;
  return lastBit === 1 ? one : zero;
}

/** The delay of an answer that takes `workCycles` to make: the first step after the shortest delay that is late enough. */
export function answerDelayCycles(rate: BitRate, workCycles: number, lastBit?: 0 | 1): number {
  const shortest = fdtToReaderCycles(rate, lastBit);
  return shortest + Math.ceil(Math.max(workCycles - shortest, 0) / FDT_STEP_CYCLES) * FDT_STEP_CYCLES;
}

const FDT_TO_READER: Readonly<Record<BitRate, { readonly zero: number; readonly one: number }>> = {
  1: { zero: 9 * FDT_STEP_CYCLES + 20, one: 9 * FDT_STEP_CYCLES + 84 },
  2: { zero: 8 * FDT_STEP_CYCLES + 116, one: 8 * FDT_STEP_CYCLES + 148 },
  4: { zero: 8 * FDT_STEP_CYCLES + 100, one: 8 * FDT_STEP_CYCLES + 116 },
  8: { zero: 8 * FDT_STEP_CYCLES + 92, one: 8 * FDT_STEP_CYCLES + 100 },
};
