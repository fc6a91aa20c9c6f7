import { isUtf8 } from 'node:buffer';
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

/**
 * The same for a text that is in UTF-8 and nothing else.
 * @throws {CannotRun} the place of the first byte that is not
 */
export function readUtf8Text(path: string, what: string, most: number = LARGEST_TEXT): string {
  const bytes = readInputFile(path, what, most);
  if (isUtf8(bytes)) return bytes.toString('utf8');
  // As a stream: a character that only begins there is not counted.
  const before = new TextDecoder().decode(bytes.subarray(0, utf8Length(bytes)), { stream: true }).split('\n');
  throw new CannotRun(
    `${path}:${before.length}:${(before.at(-1) ?? '').length + 1}: ${what} is in UTF-8, and this byte is not`,
  );
}

/** Bytes at the beginning that are UTF-8. */
function utf8Length(bytes: Uint8Array): number {
  let [right, wrong] = [0, bytes.length];
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    // A character that is cut at the end is not wrong yet.
    if (isUtf8Beginning(bytes.subarray(0, middle))) right = middle;
    else wrong = middle;
  }
  return right;
}

function isUtf8Beginning(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
