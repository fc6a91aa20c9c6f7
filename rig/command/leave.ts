/** How long what a command left open may keep the process alive after the command has ended. */
const LINGER_MS = 1000;

/** Lets the process end by itself with this exit code, and ends it when it does not. */
export function leaveWhenIdle(exitCode: number): void {
  process.exitCode = exitCode;
  setTimeout(() => void leave(exitCode), LINGER_MS).unref();
}

/**
 * Ends the process now.
 *
 * A PC/SC call that is never answered holds a thread for which `process.exit` would wait for good. Its connection is
 * taken away from it; where that cannot be done, the process kills itself, and its parent sees that instead of the exit
 * code.
 */
export async function leave(exitCode: number): Promise<void> {
  // Loaded here because most commands never do; the native module is not loaded by this.
  const { releaseStuckCalls } = await import('../../src/hal/pcsc/index.ts');
  if (!(await releaseStuckCalls())) process.kill(process.pid, 'SIGKILL');
  process.exit(exitCode);
}
