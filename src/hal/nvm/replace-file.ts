import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { storageError } from './storage-error.ts';

/**
 * Writes a whole file so that its name leads to the old content or to the new, never to anything else:
 * a temporary file in the same folder, written, synchronised, renamed, and the folder synchronised.
 *
 * An existing file keeps its mode and, where possible, its owner; a new one is for its owner alone.
 * @param path not a symbolic link: the name itself is replaced
 * @throws {HalError} `storage`: the file is as it was, and the temporary one is gone
 */
export function replaceFile(path: string, parts: readonly Uint8Array[]): void {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  const consequence = existsSync(path) ? 'the file still holds what it held before' : 'no file was made';
  try {
    // Only a dead process of our own number can have left it.
    rmSync(temporary, { force: true });
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      for (const part of parts) writeAll(descriptor, part);
      adoptRights(descriptor, statSync(path, { throwIfNoEntry: false }));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (cause) {
    removeQuietly(temporary);
    throw storageError('cannot write', path, cause, consequence);
  }
  syncFolder(folder, path);
}

/** Writes all the bytes, however little the system takes at a time. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) offset += writeSync(descriptor, bytes, offset, bytes.length - offset);
}

/**
 * Makes a rename in this folder survive a loss of power.
 * @throws {HalError} `storage`
 */
export function syncFolder(folder: string, path: string): void {
  // Windows does not open folders, and does not need it.
  if (process.platform === 'win32') return;
  try {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw storageError('cannot make sure of', path, cause, 'it holds the new content, but a power cut may undo that');
  }
}

/** Removes a file that may not be there, and says nothing when it cannot. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The failure that led here is the one worth telling.
  }
}

function adoptRights(descriptor: number, old: Stats | undefined): void {
  if (old === undefined) return;
  fchmodSync(descriptor, old.mode & 0o777);
  if (process.getuid === undefined || old.uid === process.getuid()) return;
  try {
    fchownSync(descriptor, old.uid, old.gid);
  } catch {
    // Only root may give a file away; the content matters more.
  }
}
