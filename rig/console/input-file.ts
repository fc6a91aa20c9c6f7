import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { CannotRun } from './failure.ts';

/** Bytes of a text that a person wrote or could have written: a profile, rules, a list. */
export const LARGEST_TEXT: number = 4 * 1024 * 1024;

/**
 * Reads a file that a user hands in, no more of it than it may have: a plain file, for a pipe may never end and a
 * device never does.
 * @param what the kind of file, for the sentence: `a profile`
 * @param most bytes
 * @throws {CannotRun} no plain file, or too long; {Error} of Node, with `code` and `path`, when it cannot be opened
 */
export function readInputFile(path: string, what: string, most: number = LARGEST_TEXT): Buffer {
  // Without O_NONBLOCK to open a FIFO that nobody writes to waits for ever.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = fstatSync(descriptor);
    if (status.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR', path });
    if (!status.isFile()) throw new CannotRun(`${path}: ${what} is read from a plain file, and this is none`);
    // What the system makes up as it is read, as under /proc, says that it has no bytes.
    const bytes = Buffer.alloc(Math.min(Math.max(status.size + 1, 65_536), most + 1));
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    if (length > most || status.size > most) {
      throw new CannotRun(
        `${path}: ${Math.max(length, status.size)} bytes are more than ${what} has (${most} at most)`,
      );
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

/** The same as text. */
export function readInputText(path: string, what: string, most: number = LARGEST_TEXT): string {
  return readInputFile(path, what, most).toString('utf8');
}
