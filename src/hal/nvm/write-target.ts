import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HalError } from '../errors.ts';
import { storageError, systemErrorCode } from './storage-error.ts';

/**
 * What stands behind a name that is written to:
 *
 * - `file`: a plain file or nothing yet. `path` is where it is or will be, with symbolic links followed: a new file may
 *   take this name, and the links stay.
 * - `stream`: a character device or a pipe. It is written as it is, never replaced: root could put a file in its place.
 */
export type WriteTarget = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'stream' };

/** As many as Linux follows. */
const MOST_LINKS = 40;

/**
 * Looks at a name before anything is written to it.
 * @throws {HalError} `storage`: a folder, a disk, a socket, a circle of links, or nothing that can be looked at
 */
export function writeTarget(path: string): WriteTarget {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined) return { kind: 'file', path: endOfLinks(path) };
    if (status.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (status.isBlockDevice()) throw refused(path, 'it is a disk');
    if (status.isSocket()) throw refused(path, 'it is a socket');
    if (status.isFile() && !isOpenDescriptor(path)) return { kind: 'file', path: endOfLinks(path) };
    return { kind: 'stream' };
  } catch (cause) {
    if (cause instanceof HalError) throw cause;
    // As below a file that stands where a folder should.
    throw storageError('cannot write', path, cause);
  }
}

/**
 * Opens a device, a pipe, or a file that this process has open already.
 *
 * The open does not wait: a pipe that nobody reads from would hold the process for ever.
 * @throws {HalError} `storage`
 */
export function openStream(path: string): number {
  let descriptor: number;
  try {
    const flags = constants.O_WRONLY | constants.O_APPEND | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
    descriptor = openSync(path, flags);
  } catch (cause) {
    if (systemErrorCode(cause) === 'ENXIO') throw refused(path, 'no program reads from it');
    throw storageError('cannot write', path, cause);
  }
  // Between the look and the open, something else may have taken the name.
  const status = fstatSync(descriptor);
  if (status.isBlockDevice()) {
    closeSync(descriptor);
    throw refused(path, 'it is a disk');
  }
  return descriptor;
}

function refused(path: string, reason: string): HalError {
  return new HalError('storage', `cannot write ${path}: ${reason}`);
}

/**
 * Where a file or a folder of this name is, or will be: links that lead nowhere are followed to their end too.
 * @throws {Error} of Node
 */
export function endOfLinks(path: string): string {
  let end = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    if (lstatSync(end, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return end;
    end = resolve(dirname(end), readlinkSync(end));
  }
  throw Object.assign(new Error(), { code: 'ELOOP' });
}

/** `/dev/stdout`, `/dev/fd/3`: a new file under that name would not be what the shell opened. */
function isOpenDescriptor(path: string): boolean {
  let step = resolve(path);
  for (let links = 0; links <= MOST_LINKS; links++) {
    if (/^\/(?:proc\/[^/]+|dev)\/fd\/\d+$/.test(step)) return true;
    if (lstatSync(step, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return false;
    step = resolve(dirname(step), readlinkSync(step));
  }
  return false;
}
