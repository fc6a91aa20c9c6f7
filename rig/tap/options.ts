import type { CardInterface } from '../../src/hal/card-link.ts';
import type { CardSource } from '../card/card-source.ts';
import type { ChannelChoice } from '../channel/choice.ts';
import type { PinChoice } from '../console/pin.ts';
import type { ReaderChoice } from '../endpoint/readers.ts';
import type { RecordChoice } from '../trace/record-choice.ts';

/** `all`: everything the card holds. `own`: the own application's records. Others: as readers in the field read. */
export const SEQUENCES = ['all', 'own', 'identity', 'identity-by-fid', 'pointers', 'ndef'] as const;
export type Sequence = (typeof SEQUENCES)[number];

/** How the own application is read: record by record, or in the fewest exchanges. */
export const PLANS = ['classic', 'minimal'] as const;
export type PlanName = (typeof PLANS)[number];

export interface TapOptions {
  readonly reader: ReaderChoice;
  /** The card behind a loopback reader; null for a reader with a card of its own. */
  readonly card: CardSource | null;
  /** The interface a loopback reader uses; null: the one of the profile. */
  readonly interface: CardInterface | null;
  readonly sequence: Sequence;
  /** Default classic; shows both plans' cost when it was asked for. */
  readonly plan?: PlanName;
  readonly pin: PinChoice;
  /** The secure channel; absent: none is opened. */
  readonly channel?: ChannelChoice;
  readonly record: RecordChoice;
  /** Say for each refusal which rule of the card it comes from; absent: no. */
  readonly explain?: boolean;
  /** How long to wait for the reader and the card. */
  readonly timeoutMs: number;
}
