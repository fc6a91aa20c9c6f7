import { exitNow, heldCalls } from '../../src/hal/system/exit-now.ts';

/** How long what a command left open may keep the process alive after the command has ended. */
const LINGER_MS = 1000;

/**
 * Waits for a command. Node ends a process in which nothing is left to happen, with 0, also while somebody still waits: such a
 * command never comes to its end, which is no success.
 */
export async function unlessStalled<T>(command: Promise<T>, stalled: (fault: Error) => void): Promise<T> {
  const idle = (): void => stalled(new Error('the command waits for what can no longer come'));
  process.once('beforeExit', idle);
  try {
    return await command;
  } finally {
    process.off('beforeExit', idle);
  }
}

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
