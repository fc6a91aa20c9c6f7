import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { storageError } from '../../src/hal/nvm/storage-error.ts';

/** Where this station keeps what it knows of boards: `$XDG_STATE_HOME/vitap`, or `~/.local/state/vitap`. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base = env.XDG_STATE_HOME;
  // The XDG rules: a relative path is to be ignored.
  const root = base?.startsWith('/') ? base : join(env.HOME ?? homedir(), '.local', 'state');
  return join(root, 'vitap');
}

/**
 * Makes a folder, and those above it, for their owner alone. Step by step: Node's own way never ends where nothing can be
 * made, as under /proc.
 * @throws {HalError} `storage`
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw storageError('cannot make the folder', path, error);
  }
}
