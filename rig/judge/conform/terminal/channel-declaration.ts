import type { PasswordName } from '../../../../src/secure-channel/index.ts';
import type { ChosenChipAuthentication } from '../../../channel/chip-authentication.ts';
import type { ChosenPace } from '../../../channel/pace.ts';
import type { Holder } from '../../../pki/holder.ts';
import type { TerminalKeys } from '../../../pki/terminal-keys.ts';

/** What a profile or a person says of a channel; the rest the card says itself. */
export interface ChannelWords extends Pick<ChannelDeclaration, 'passwords' | 'tries' | 'confined'> {
  readonly granted: TerminalDeclaration['granted'];
}

export const NO_WORDS: ChannelWords = { passwords: {}, tries: {}, confined: null, granted: null };

/** What opens a card's channel, and what the card gives in it. What is not known is null, and what needs it does not apply. */
export interface ChannelDeclaration {
  /** Passwords of PACE as bytes. */
  readonly passwords: Readonly<Partial<Record<PasswordName, Uint8Array>>>;
  /** Tries of PIN and PUK when the case begins. */
  readonly tries: Readonly<Partial<Record<PasswordName, number>>>;
  /** PACE as EF.CardAccess offers it, the card's first in front; never empty. */
  readonly offers: readonly ChosenPace[];
  /** Content of EF.CardAccess. */
  readonly cardAccess: Uint8Array;
  /** What is read in any channel and not in clear. */
  readonly confined: ReadableFile | null;
  readonly terminal: TerminalDeclaration | null;
}

/** Commands in hexadecimal digits. */
export interface ReadableFile {
  /** Sent before, from a reset on. */
  readonly select: readonly string[];
  /** Reads some of it. */
  readonly read: string;
}

/** A terminal that the card trusts, and the chip's own key. */
export interface TerminalDeclaration {
  readonly keys: TerminalKeys;
  readonly chip: ChosenChipAuthentication;
  /** The chip's public key, `04 X Y`. */
  readonly chipKey: Uint8Array;
  /** Read by a terminal that this right was granted, by nobody else. */
  readonly granted: (ReadableFile & { readonly right: string }) | null;
  /** Who can issue other certificates for the card; only known of test hierarchies. */
  readonly issuers: { readonly root: Holder; readonly verifier: Holder } | null;
}
