import { exitNow, heldCalls } from '../../src/hal/system/exit-now.ts';

/** How long what a command left open may keep the process alive after the command has ended. */
const LINGER_MS = 1000;

/** Lets the process end by itself with this exit code, and ends it when it does not. */
export function leaveWhenIdle(exitCode: number): void {
  process.exitCode = exitCode;
  setTimeout(() => void leave(exitCode), LINGER_MS).unref();
  // A call of another library's thread does not keep the loop alive, and holds the end of the process all the same.
  process.once('beforeExit', () => {
    if (heldCalls() > 0) void leave(exitCode);
  });
}

/**
 * Ends the process now.
 *
 * A PC/SC call that is never answered holds a thread for which `process.exit` would wait for good. Then the process ends
 * without it; where that cannot be done it kills itself, and its parent sees that instead of the exit code.
 */
export async function leave(exitCode: number): Promise<void> {
  if (heldCalls() > 0) {
    await exitNow(exitCode);
    process.kill(process.pid, 'SIGKILL');
  }
  process.exit(exitCode);
}
