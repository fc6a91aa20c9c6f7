import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { storageError } from '../../src/hal/nvm/storage-error.ts';

/** What only its owner may look into. */
export const PRIVATE = 0o700;

/**
 * Makes a folder, and those above it, unless it is there. Step by step: Node's own way never ends where nothing can be
 * made, as under /proc.
 * @throws {HalError} `storage`
 */
export function makeFolder(path: string, mode = 0o777): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw storageError('cannot make the folder', path, error);
  }
}
