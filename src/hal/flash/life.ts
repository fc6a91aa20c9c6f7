import type { FlashDevice } from './flash-device.ts';
import { PAGE_HEADER, padded, RECORD_HEADER, SPARE_PAGES, snapshotPages } from './records.ts';

/** How long a log in flash lasts. */
export interface FlashLife {
  /** Flushes until the first page has been erased as often as it may be. */
  readonly flushes: number;
  /** The same where power comes back before each of them: every one begins a page. */
  readonly afterPowerOn: number;
}

/**
 * Computed, not measured: a snapshot and the changes after it use up pages in turn, all alike.
 * @param size bytes of the memory
 * @param changes lengths of what one flush changes, each apart from the others
 * @param endurance how often a page can be erased
 */
export function flashLife(
  { pageSize, pages, writeGranule }: Pick<FlashDevice, 'pageSize' | 'pages' | 'writeGranule'>,
  size: number,
  changes: readonly number[],
  endurance: number,
): FlashLife {
  const room = pageSize - padded(PAGE_HEADER, writeGranule);
  const content = room - RECORD_HEADER;
  const snapshot = Math.max(1, Math.ceil(size / content));
  // As many pages stay free as the next snapshot and one that turns out bad need.
  const log = pages - snapshot - snapshotPages(size, { pageSize, writeGranule }) - SPARE_PAGES;
  const bytes = changes.reduce((sum, length) => sum + padded(RECORD_HEADER + length, writeGranule), 0);
  const rest = room - padded(RECORD_HEADER + size - (snapshot - 1) * content, writeGranule);
  // What the last page of a snapshot has room for, the pages of the log, and the one that goes with the next snapshot.
  const perRound = Math.floor(rest / bytes) + log * Math.floor(room / bytes) + 1;
  const rounds = Math.floor((endurance * pages) / (snapshot + log));
  return { flushes: rounds * perRound, afterPowerOn: rounds * (log + 1) };
}
