import type { BoardIdentity } from '../endpoint/board-identity.ts';
import type { BatchRow } from './batch-list.ts';
import type { BoardTarget } from './board-name.ts';
import type { FlashImage } from './flash-image.ts';

/** A row with its board and its card. */
export interface BatchJob {
  readonly row: BatchRow;
  readonly identity: BoardIdentity;
  /** How the board is reached. */
  readonly target: BoardTarget;
  /** An image that was checked, or a profile of which each board gets a card of its own; null: firmware alone. */
  readonly card: FlashImage | { readonly profile: string } | null;
}

/** As the command line names the board. */
export function nameOfBoard({ target, identity }: Pick<BatchJob, 'target' | 'identity'>): string {
  return `${target}:${identity.port}`;
}
