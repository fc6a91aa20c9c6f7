import type { CardSource } from '../../card/card-source.ts';
import type { PhoneScreen } from '../../card/phone-screen.ts';
import type { ChannelChoice } from '../../channel/choice.ts';
import type { PinChoice } from '../../console/pin.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import type { PlanName, Sequence } from '../../tap/options.ts';
import type { Arrivals, WhatIfChange } from './result.ts';

/** What `vitap bench tap` was asked for. */
export interface BenchTapOptions {
  readonly reader: ReaderChoice;
  /** As typed. */
  readonly readerText: string;
  readonly card: CardSource | null;
  readonly interface: 'contact' | 'contactless' | 'wired' | null;
  readonly sequence: Sequence;
  readonly plan: PlanName;
  /** Sent instead of a sequence; null for the sequence. */
  readonly commands: readonly Uint8Array[] | null;
  readonly taps: number;
  readonly warmUp: number;
  readonly arrivals: Arrivals;
  /** kbit/s that a PN532 asks the card for. */
  readonly air: number;
  readonly whatIf: readonly WhatIfChange[];
  readonly pin: PinChoice;
  /** The secure channel; absent: none is opened. */
  readonly channel?: ChannelChoice;
  /** The screen of a phone's card that this program has put before the reader; absent or null: none. */
  readonly screen?: PhoneScreen | null;
  readonly timeoutMs: number;
  /** Folder for the traces of outliers; null for none. */
  readonly traces: string | null;
  readonly keepSecrets: boolean;
}
