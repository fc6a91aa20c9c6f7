import { packStatuses, STATUS, type StatusArray } from '../credential/status-list.ts';
import type { IssuerStore } from './store.ts';

/** Lists are filled up to whole kilobytes, so that their length does not tell how many cards there are. */
const STEP: number = 8 * 1024;
const PAGE = 100_000;

/** One bit for each activation that ever was. */
export interface RegistryStatuses extends StatusArray {
  /** How many activations have a place in it. */
  readonly activations: number;
  /** How many are not valid: revoked or abandoned. */
  readonly invalid: number;
}

/** The state of every activation, as a status list has it. Pending ones count as valid: their cards are inoperative. */
export async function registryStatuses(store: IssuerStore, signal?: AbortSignal): Promise<RegistryStatuses> {
  const [row] = await store.sql.query<{ next: number }>(
    'select coalesce(max(status_index) + 1, 0) as next from activations',
  );
  const activations = row?.next ?? 0;
  const invalid: (readonly [number, number])[] = [];
  for (let after = -1, more = true; more; ) {
    signal?.throwIfAborted();
    const page = await store.sql.query<{ status_index: number }>(
      `select status_index from activations where state in ('revoked', 'abandoned') and status_index > $1
       and status_index < $2 order by status_index limit $3`,
      [after, activations, PAGE],
    );
    for (const { status_index: index } of page) invalid.push([index, STATUS.INVALID]);
    after = page.at(-1)?.status_index ?? after;
    more = page.length === PAGE;
  }
  return { ...packStatuses(listSize(activations), 1, invalid), activations, invalid: invalid.length };
}

/** Places in the list for so many activations. */
export function listSize(activations: number): number {
  return Math.max(Math.ceil(activations / STEP), 1) * STEP;
}
