import { setTimeout as pause } from 'node:timers/promises';
import { openReader } from '../../endpoint/open-reader.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';

/** pcscd looks for a card every 400 ms. */
const LOOK_MS = 500;
const PATIENCE_MS = 10_000;

/**
 * Waits until pcscd has seen the card of this run leave vpcd's slot: it takes one that comes sooner for the card before, and
 * a session with that fails. What is still there after 10 s is another program's; the next run says so, as it says what
 * cannot be asked here.
 */
export async function slotIsLeft(choice: ReaderChoice, name: string, signal: AbortSignal): Promise<void> {
  const opened = await openReader(choice).catch(() => null);
  if (opened === null) return;
  const isThere = async (): Promise<boolean> =>
    (await opened.reader.list().catch(() => [])).some((each) => each.name === name && each.cardPresent);
  try {
    const deadlineMs = performance.now() + PATIENCE_MS;
    do {
      await pause(LOOK_MS, undefined, { signal }).catch(() => {});
    } while (!signal.aborted && performance.now() < deadlineMs && (await isThere()));
  } finally {
    await opened.close();
  }
}
