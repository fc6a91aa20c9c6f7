import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null | undefined;

/** Asks for a full collection, so that what is in use afterwards is what is still needed. @returns whether it was made */
export function collectGarbage(): boolean {
  if (collect === undefined) {
    // The flag can be set while the program runs; a new context then has the function.
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext('typeof gc === "function" ? gc : null');
    collect = typeof found === 'function' ? (found as () => void) : null;
  }
  collect?.();
  return collect !== null;
}

/** Open files and sockets of this process, or null where the system does not tell. */
export function openDescriptors(): number | null {
  try {
    // The folder itself is open while it is read.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return null;
  }
}
