import type { LinkLimits } from './card-link.ts';
import { HalError } from './errors.ts';

/** How long APDUs are, in bytes, and what a reader says of one that it does not carry. */

/** Header only. */
export const SHORTEST_COMMAND = 4;
/** Header, three bytes of Lc, 65535 bytes of data, two bytes of Le. */
export const LARGEST_COMMAND: number = 4 + 3 + 65_535 + 2;
/** 65536 bytes of data and the status word. */
export const LARGEST_RESPONSE: number = 65_536 + 2;

/** Limits of a link that carries every APDU. */
export const UNLIMITED: LinkLimits = {
  largestCommand: LARGEST_COMMAND,
  largestResponse: LARGEST_RESPONSE,
  historicalBytes: 15,
  fixedAts: null,
  uid: 'any',
};

/**
 * @param carrier for people, as the sentence's subject: `this reader`, `"ACS ACR122U"`
 * @returns why a command cannot be sent, `protocol` or `too-long`; null when it can
 */
export function sizeRefusal(command: Uint8Array, largest: number, carrier: string): HalError | null {
  if (command.length < SHORTEST_COMMAND) return new HalError('protocol', 'a command has four bytes or more');
  if (command.length <= largest) return null;
  return new HalError('too-long', `a command of ${command.length} bytes is too long: ${carrier} carries ${largest}`);
}
