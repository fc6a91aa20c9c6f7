import type { ChannelChoice } from '../channel/choice.ts';
import type { ReaderAndCard } from '../endpoint/reader-and-card.ts';
import type { RecordChoice } from '../trace/record-choice.ts';

/** What `vitap apdu` and `vitap shell` share. */
export interface ShellOptions extends ReaderAndCard {
  readonly record: RecordChoice;
  /** Where `verify` takes the code from when there is no terminal; null: from VITAP_PIN. */
  readonly pinFile: string | null;
  /** What `secure` opens a channel with. */
  readonly channel: ChannelChoice;
  /** How long to wait for the reader and the card. */
  readonly timeoutMs: number;
}

export interface ApduOptions extends ShellOptions {
  /** As typed, one command each; empty: a script on standard input. */
  readonly commands: readonly string[];
  /** Go on after a status word that differs from the stated one. */
  readonly keepGoing: boolean;
  /** Ask the card for the rules of files that it refused, when all is sent. */
  readonly explain: boolean;
}
