import { setTimeout as pause } from 'node:timers/promises';
import type { Reader } from '../reader.ts';

/** pcscd looks into its slots every 400 ms. */
const SETTLE_MS = 500;
const LOOK_MS = 100;
const PATIENCE_MS = 15_000;

/**
 * Waits until pcscd has seen the cards leave vpcd's slots: it takes one that comes sooner for the card before, and a session
 * with that fails. What is still there after 15 s is another program's, and what cannot be asked is not waited for.
 * @param slots names of readers
 */
export async function slotsAreLeft(
  reader: Pick<Reader, 'list'>,
  slots: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const isThere = async (): Promise<boolean> =>
    (await reader.list().catch(() => [])).some(({ name, cardPresent }) => cardPresent && slots.includes(name));
  const deadlineMs = performance.now() + PATIENCE_MS;
  const wait = (ms: number): Promise<void> => pause(ms, undefined, { signal }).catch(() => {});
  await wait(SETTLE_MS);
  while (!signal.aborted && performance.now() < deadlineMs && (await isThere())) await wait(LOOK_MS);
}
