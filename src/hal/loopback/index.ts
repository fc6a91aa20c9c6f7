/**
 * Card and reader in one process, joined without a wire: a transmit is a call of the card.
 *
 * What can be simulated: the card put in and taken out (`link.serve`, `link.stop`), the reader unplugged and plugged
 * in again. What cannot: time on a wire, and a card that answers late.
 */

import { UNLIMITED } from '../apdu-size.ts';
import type { CardInterface, CardLink, LinkLimits } from '../card-link.ts';
import type { Clock } from '../clock.ts';
import type { Reader } from '../reader.ts';
import { LoopbackLink } from './link.ts';
import { LoopbackReader } from './reader.ts';
import { LoopbackSlot } from './slot.ts';

export interface LoopbackOptions {
  /** The side of the card that this reader is on. */
  readonly interface: CardInterface;
  /** Gives the times of exchanges and events. */
  readonly clock: Clock;
  /** By default everything that ISO/IEC 7816-4 can express. */
  readonly limits?: LinkLimits;
  /** The reader's name in lists; `loopback` by default. */
  readonly name?: string;
}

export interface Loopback {
  readonly link: CardLink;
  readonly reader: Reader;
  /** Takes the reader away: the link reports `lost`, a session in use fails with `reader-lost`. */
  unplug(): void;
  /** Brings it back, with the card that is still being served. */
  plug(): void;
}

export function createLoopback(options: LoopbackOptions): Loopback {
  const slot = new LoopbackSlot(options.name ?? 'loopback', options.clock, options.limits ?? UNLIMITED);
  return {
    link: new LoopbackLink(slot, options.interface),
    reader: new LoopbackReader(slot),
    unplug: () => slot.unplug(),
    plug: () => slot.plug(),
  };
}
