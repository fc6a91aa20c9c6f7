import { atMost } from './at-most.ts';

/** For a database that is being made when the person wants an end: PGlite is not left half made. */
const LATE_MS = 1500;

/**
 * What opens a database, unless the person wants an end first: a database that does not answer is not waited for.
 * @param close of what opens after all, and is not used
 * @throws what opening throws; the reason of the signal
 */
export async function openUnlessEnded<T extends object>(
  opening: Promise<T>,
  close: (opened: T) => Promise<void>,
  signal: AbortSignal,
): Promise<T> {
  let end = (): void => {};
  const ended = new Promise<null>((resolve) => {
    end = () => resolve(null);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
  try {
    const opened = await Promise.race([opening, ended]);
    if (opened !== null) return opened;
  } finally {
    signal.removeEventListener('abort', end);
  }
  await atMost(
    LATE_MS,
    opening.then(close, () => {}),
  );
  throw signal.reason;
}
