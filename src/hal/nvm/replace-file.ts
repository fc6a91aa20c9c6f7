import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HalError } from '../errors.ts';
import { isAlive, thisProcess } from './file-owner.ts';
import { storageError, systemErrorCode } from './storage-error.ts';
import { openStream, writeTarget } from './write-target.ts';

/** Bytes of a file's own name in that of its temporary copy; a name has 255 at most. */
const LONGEST_STEM = 200;

/** Files beside which this process has looked for copies of dead ones. */
const cleaned: Set<string> = new Set();

/**
 * Writes a whole file so that its name leads to the old content or to the new, never to anything else:
 * a temporary file in the same folder, written, synchronised, renamed, and the folder synchronised.
 *
 * An existing file keeps its mode and, where possible, its owner; a new one is for its owner alone. Symbolic links are
 * followed. A device or a pipe is written as it is.
 * @param parts its content; each is asked for when the one before it is written
 * @throws {HalError} `storage`: the file is as it was, and the temporary one is gone
 */
export function replaceFile(path: string, parts: Iterable<Uint8Array>): void {
  const target = writeTarget(path);
  if (target.kind === 'file') replacePlainFile(target.path, parts);
  else writeStream(path, parts);
}

function replacePlainFile(path: string, parts: Iterable<Uint8Array>): void {
  if (!cleaned.has(path)) removeDeadCopies(path);
  cleaned.add(path);
  const folder = dirname(path);
  const temporary = temporaryCopyOf(path);
  const consequence = existsSync(path) ? 'the file still holds what it held before' : 'no file was made';
  try {
    rmSync(temporary, { force: true });
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      for (const part of parts) writeAll(descriptor, part);
      adoptRights(descriptor, statSync(path, { throwIfNoEntry: false }));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    giveName(temporary, path);
  } catch (cause) {
    removeQuietly(temporary);
    if (cause instanceof HalError) throw cause;
    throw storageError('cannot write', path, cause, consequence);
  }
  syncFolder(folder, path);
}

/**
 * Removes the temporary copies of a file that killed processes left: of this name and this machine, and only those whose
 * process is dead. They hold what the file holds.
 */
export function removeDeadCopies(path: string): void {
  const folder = dirname(path);
  const prefix = temporaryPrefix(path);
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.startsWith(prefix));
  } catch {
    return;
  }
  for (const name of names) {
    // Before machine and start were in the name, it had the number of the process alone.
    const [, pid, started, machine] =
      /^(\d{1,10})(?:-(\d*)-([0-9a-f]{8}))?\.tmp$/.exec(name.slice(prefix.length)) ?? [];
    if (pid === undefined || (machine !== undefined && machine !== machineName())) continue;
    const owner = { pid: Number(pid), host: thisProcess().host, started: started || null };
    if (!isAlive(owner)) removeQuietly(join(folder, name));
  }
}

/** Where this process writes a file before it takes the name. */
export function temporaryCopyOf(path: string): string {
  const { pid, started } = thisProcess();
  return join(dirname(path), `${temporaryPrefix(path)}${pid}-${started ?? ''}-${machineName()}.tmp`);
}

/** With so much of the file's own name that it is no longer than a name may be. */
function temporaryPrefix(path: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name) <= LONGEST_STEM) return `.${name}.`;
  return `.${Array.from(name)
    .slice(0, LONGEST_STEM / 8)
    .join('')}~${digest(name)}.`;
}

function machineName(): string {
  return digest(thisProcess().host);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function writeStream(path: string, parts: Iterable<Uint8Array>): void {
  const descriptor = openStream(path);
  try {
    for (const part of parts) writeAll(descriptor, part);
  } catch (cause) {
    throw storageError('cannot write', path, cause);
  } finally {
    closeSync(descriptor);
  }
}

/** How long a pipe or a device may take nothing. */
const LONGEST_STANDSTILL_MS = 10_000;
const LOOK_AGAIN_MS = 5;

/**
 * Writes all the bytes, however little the system takes at a time.
 * @throws {Error} of Node; `ETIMEDOUT`: a pipe or a device took nothing for ten seconds
 */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  let offset = 0;
  let waitedMs = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(descriptor, bytes, offset, bytes.length - offset);
      waitedMs = 0;
    } catch (cause) {
      if (systemErrorCode(cause) !== 'EAGAIN') throw cause;
      if (waitedMs >= LONGEST_STANDSTILL_MS) throw Object.assign(new Error(), { code: 'ETIMEDOUT' });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS);
      waitedMs += LOOK_AGAIN_MS;
    }
  }
}

/**
 * Gives a finished temporary file its name; symbolic links are followed.
 * @returns the name that it has now
 * @throws {HalError} `storage` something that is no plain file has the name; {Error} of Node
 */
export function giveName(temporary: string, path: string): string {
  const target = writeTarget(path);
  // It was a file, or nothing, when the writing began.
  if (target.kind !== 'file') throw new HalError('storage', `cannot write ${path}: it is no plain file any more`);
  renameSync(temporary, target.path);
  return target.path;
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
