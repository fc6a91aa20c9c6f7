import type { CardInterface } from '../../src/hal/card-link.ts';
import type { CardSource } from '../card/card-source.ts';
import type { PinChoice } from '../console/pin.ts';
import type { LinkChoice } from '../endpoint/links.ts';
import type { RecordChoice } from '../trace/record-choice.ts';

export interface EmulateOptions {
  readonly link: LinkChoice;
  /** Null for the card that was flashed onto the board of the link. */
  readonly card: CardSource | null;
  readonly interface: CardInterface | null;
  /** Open the holder's presentation window at the start; needs the code. */
  readonly unlock: boolean;
  readonly pin: PinChoice;
  /** Wait for the link's other side instead of refusing when it is not there. */
  readonly wait: boolean;
  readonly record: RecordChoice;
}
