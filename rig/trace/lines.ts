import { type FileHandle, open } from 'node:fs/promises';
import { storageError } from '../../src/hal/nvm/storage-error.ts';

/** A fault of a trace file, with the place of it. */
export class TraceError extends Error {
  readonly path: string;
  /** From 1. */
  readonly line: number;

  constructor(path: string, line: number, problem: string, options?: { cause?: unknown }) {
    super(`${path}:${line}: ${problem}`, options);
    this.name = 'TraceError';
    this.path = path;
    this.line = line;
  }
}

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** False when the file ends without a line feed here. */
  readonly terminated: boolean;
}

/** A command of 65,544 bytes with all its masks is far below. */
const LONGEST_LINE = 1024 * 1024;
const READ_SIZE = 65_536;
const LINE_FEED = 0x0a;

/**
 * The lines of a UTF-8 file, with LF or CR LF, in memory for one line at a time. Empty lines are passed over.
 * @throws {HalError} `storage`
 * @throws {TraceError} text that is not UTF-8, a line of more than 1 MiB
 */
export async function* readLines(path: string): AsyncGenerator<Line, void, undefined> {
  const file = await openFile(path);
  try {
    const decoder = new LineDecoder(path);
    for (;;) {
      const chunk = await read(file, path);
      if (chunk.length === 0) break;
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        const line = decoder.finish(chunk.subarray(start, end), true);
        if (line !== null) yield line;
        start = end + 1;
      }
      if (start < chunk.length) decoder.keep(chunk.subarray(start));
    }
    const last = decoder.finish(Buffer.alloc(0), false);
    if (last !== null) yield last;
  } finally {
    await file.close();
  }
}

class LineDecoder {
  readonly #path: string;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #parts: Buffer[] = [];
  #length = 0;
  #number = 1;

  constructor(path: string) {
    this.#path = path;
  }

  keep(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#number === 1) this.#refuseUtf16(this.#parts[0] as Buffer);
    if (this.#length > LONGEST_LINE) {
      throw new TraceError(this.#path, this.#number, `the line is longer than any of a trace (${LONGEST_LINE} bytes)`);
    }
  }

  finish(part: Buffer, terminated: boolean): Line | null {
    this.keep(part);
    const bytes = this.#parts.length === 1 ? part : Buffer.concat(this.#parts);
    const number = this.#number++;
    this.#parts = [];
    this.#length = 0;
    let text: string;
    try {
      text = this.#utf8.decode(bytes);
    } catch (cause) {
      throw new TraceError(this.#path, number, 'this is not UTF-8 text', { cause });
    }
    text = text.trim();
    return text === '' ? null : { number, text, terminated };
  }

  #refuseUtf16(start: Buffer): void {
    if (start.length < 2) return;
    const mark = start.readUInt16BE(0);
    if (mark === 0xfffe || mark === 0xfeff)
      throw new TraceError(this.#path, 1, 'this is UTF-16 text; a trace is UTF-8');
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw storageError('cannot read', path, cause);
  }
}

/** Into a new buffer each time: the parts of a long line are views of it. */
async function read(file: FileHandle, path: string): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(READ_SIZE);
  try {
    const { bytesRead } = await file.read(buffer, 0, READ_SIZE);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw storageError('cannot read', path, cause);
  }
}
