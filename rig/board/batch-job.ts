import type { BoardIdentity } from '../endpoint/board-identity.ts';
import type { BatchRow } from './batch-list.ts';
import type { FlashImage } from './flash-image.ts';

/** A row with its board and its card. */
export interface BatchJob {
  readonly row: BatchRow;
  readonly identity: BoardIdentity;
  /** An image that was checked, or a profile of which each board gets a card of its own. */
  readonly card: FlashImage | { readonly profile: string };
}
