import type { CardInterface } from '../../src/hal/card-link.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import type { PinState } from './card-source.ts';

export interface CardBuildOptions {
  /** Names of shipped profiles or paths of profile files; empty for every shipped one. */
  readonly profiles: readonly string[];
  /** The image file; null for NAME.img in the current folder. With several profiles always null. */
  readonly out: string | null;
  /** Makes the same image again; null for a new card each time. */
  readonly seed: string | null;
  /** State of its PIN of PACE; null as the profile says. */
  readonly state: PinState | null;
  /** Replaces a card image that is there. */
  readonly force: boolean;
}

export interface CardShowOptions {
  /** An image file, or a profile by name or path. */
  readonly card: string;
}

export interface CardExplainOptions {
  /** An image file, or a profile by name or path. */
  readonly card: string;
  readonly command: Uint8Array;
  /** Sent first, in this order. */
  readonly after: readonly Uint8Array[];
  /** One interface, or null for each. */
  readonly interface: CardInterface | null;
  /** Opens a secure channel first, in which all commands are sent; null: they go in clear. */
  readonly channel: ChannelOpener | null;
}

/** What makes a session inside a channel out of one in clear. */
export interface ChannelOpener {
  /** @returns null: the card has no PACE. @throws an error whose message says why there is no channel, `kind` which way */
  open(session: CardSession, signal: AbortSignal): Promise<{ readonly session: CardSession } | null>;
}
