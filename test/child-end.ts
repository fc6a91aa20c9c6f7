import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Whether a process has ended. One that a signal ended has no exit code: `exitCode` alone stays `null` for ever. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Waits until a process has ended, which may have been before. @returns its exit code; `null` after a signal */
export async function childEnd(child: ChildProcess): Promise<number | null> {
  if (!hasEnded(child)) await once(child, 'exit');
  return child.exitCode;
}
