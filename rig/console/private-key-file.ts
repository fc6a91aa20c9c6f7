import { statSync } from 'node:fs';
import { CannotRun } from './failure.ts';

/**
 * Refuses a file with a private key or another secret, like ssh, where the group or others have any right to it. Windows has no such
 * rights; a pipe is whoever's who made it.
 * @param what the secret, for the sentence
 * @throws {CannotRun}; an ordinary file error is left as it is
 */
export function refuseSharedKey(path: string, what: string = 'this private key'): void {
  const status = statSync(path);
  if (process.platform === 'win32' || !status.isFile() || (status.mode & 0o077) === 0) return;
  const mode = (status.mode & 0o777).toString(8).padStart(3, '0');
  throw new CannotRun(`${path}: others than its owner have rights to ${what} (mode ${mode}): chmod 600 it`);
}
