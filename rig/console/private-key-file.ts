import { statSync } from 'node:fs';
import { CannotRun } from './failure.ts';
import type { CommandIo } from './io.ts';
import { shown } from './shown.ts';

/**
 * Refuses a file with a private key or another secret, like ssh, where the group or others have any right to it. Windows has no such
 * rights; a pipe is whoever's who made it.
 * @param what the secret, for the sentence
 * @throws {CannotRun}; an ordinary file error is left as it is
 */
export function refuseSharedKey(path: string, what: string = 'this private key'): void {
  const words = sharing(path, what);
  if (words !== null) throw new CannotRun(words);
}

/**
 * Says the same of a file with a code, which is taken all the same: a person may have written it a moment ago.
 * @throws an ordinary file error is left as it is
 */
export function warnOfSharedCode(path: string, { stderr }: Pick<CommandIo, 'stderr'>): void {
  const words = sharing(path, 'this code');
  if (words !== null) stderr(`vitap: ${shown(words)}\n`);
}

/** @returns null where the owner alone has rights */
function sharing(path: string, what: string): string | null {
  const status = statSync(path);
  if (process.platform === 'win32' || !status.isFile() || (status.mode & 0o077) === 0) return null;
  const mode = (status.mode & 0o777).toString(8).padStart(3, '0');
  return `${path}: others than its owner have rights to ${what} (mode ${mode}): chmod 600 it`;
}
