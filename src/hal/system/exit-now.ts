let held = 0;

/** Counts native calls that would hold the end of the process. @param change 1 for one more, −1 when it has come back */
export function countHeldCall(change: 1 | -1): void {
  held += change;
}

/** How many native calls would hold the end of the process now. */
export function heldCalls(): number {
  return held;
}

/**
 * Ends the process at once with this exit code, whatever its threads do: `process.exit` waits for every thread in a
 * native call, and one that is never answered would hold it for good. Through the optional package koffi, for Node has
 * no call for it. What was written to standard output and standard error has been written.
 * @returns only where it cannot be done: koffi does not load here
 */
export async function exitNow(exitCode: number): Promise<void> {
  try {
    const { default: koffi } = await import('koffi');
    koffi.load(null).func('void _exit(int code)')(exitCode);
  } catch {
    // Without koffi, or on a system whose library calls it otherwise.
  }
}
