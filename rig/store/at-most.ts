import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for work to end, and not for longer than that: what does not answer holds nobody up who ends. @throws what it throws in time */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, sleep(ms, undefined, { signal: over.signal }).catch(() => {})]);
  } finally {
    over.abort();
  }
}
