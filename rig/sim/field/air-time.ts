import type { BitRate } from '../../../src/iso-dep/bit-rate.ts';
import {
  cyclesToNs,
  DELTA_FWT_CYCLES,
  type Direction,
  etuCycles,
  FDT_TO_CARD_CYCLES,
  FWT_ACTIVATION_CYCLES,
  fdtToReaderCycles,
  frameCycles,
  fwtCycles,
  SHORT_FRAME_CYCLES,
} from '../../../src/iso-dep/timing.ts';

/** Times on air in whole nanoseconds, from the carrier cycles of src/iso-dep. */

/** @param bits without parity; 7 for a short frame, whole bytes for a standard one */
export function airNs(bits: number, rate: BitRate, direction: Direction): number {
  if (bits === 7) return cyclesToNs(SHORT_FRAME_CYCLES);
  if (bits % 8 === 0) return cyclesToNs(frameCycles(bits / 8, rate, direction));
  // Bit-oriented anticollision: a start bit, and parity after each whole byte.
  return cyclesToNs((1 + bits + Math.floor(bits / 8)) * etuCycles(rate));
}

/** The least that a card lets pass after a reader's frame; exactly that while cards are told apart. */
export function answerDelayNs(rate: BitRate, lastBit: 0 | 1): number {
  return cyclesToNs(fdtToReaderCycles(rate, lastBit));
}

/** The least that a reader lets pass after a card's answer. */
export const READER_GUARD_NS: number = cyclesToNs(FDT_TO_CARD_CYCLES);
/** From field on until cards are ready. */
export const FIELD_ON_GUARD_NS = 5_000_000;
/** From the end of REQA or WUPA until no answer comes any more: the least time between two requests. */
export const REQUEST_WAIT_NS: number = cyclesToNs(7000);
/** For the answers to RATS, DESELECT and PPS. */
export const ACTIVATION_WAIT_NS: number = cyclesToNs(FWT_ACTIVATION_CYCLES);
/** What a reader waits over the frame waiting time. */
export const EXTRA_WAIT_NS: number = cyclesToNs(DELTA_FWT_CYCLES);

/** Also the start-up guard time. @param fwi 0 to 14 */
export function frameWaitingNs(fwi: number): number {
  return cyclesToNs(fwtCycles(fwi));
}
