import { LARGEST_COMMAND, sizeRefusal } from '../apdu-size.ts';
import type { HalError, HalErrorKind } from '../errors.ts';
import { isVirtualReader } from '../vpcd/reader-name.ts';

/** What the sessions of both PC/SC drivers go by. */

/** vpcd's messages have a length of two bytes; a longer one makes it drop the card. */
const LARGEST_VPCD_COMMAND = 65_535;
/** How long pcscd may take to see that a card is gone; it looks every 400 ms. */
export const REMOVAL_SEEN_MS = 1000;

/** Kinds after which nothing more can come of a session. */
export const FINAL: ReadonlySet<HalErrorKind> = new Set<HalErrorKind>([
  'card-removed',
  'reader-lost',
  'no-service',
  'timeout',
  'no-card',
  'no-reader',
]);

/** Why a reader does not carry a command, `protocol` or `too-long`; null when it does. */
export function commandRefusal(command: Uint8Array, reader: string): HalError | null {
  const largest = isVirtualReader(reader) ? LARGEST_VPCD_COMMAND : LARGEST_COMMAND;
  return sizeRefusal(command, largest, `"${reader}"`);
}
