/** Bit rates of ISO/IEC 14443 by their divisor D: 1, 2, 4, 8 stand for 106, 212, 424, 848 kbit/s. */
export type BitRate = 1 | 2 | 4 | 8;

/** Rates of the two directions. */
export interface BitRates {
  readonly toCard: BitRate;
  readonly toReader: BitRate;
}

/** DSI and DRI of PPS1 stand for these. */
export const RATE_OF_CODE: readonly BitRate[] = [1, 2, 4, 8];

/** DSI or DRI, 0 to 3. */
export function codeOfRate(rate: BitRate): number {
  return RATE_OF_CODE.indexOf(rate);
}
