import { type ByteInput, FormatError, type Place } from './stream.ts';

/** A fault of a trace file, with the place of it. */
export class TraceError extends Error {
  readonly path: string;
  /** From 1; 0 in a binary file. */
  readonly line: number;
  /** From 0; null in a text. */
  readonly offset: number | null;

  /** @param place a line, or the place of a fault in any format */
  constructor(path: string, place: number | Place, problem: string, options?: { cause?: unknown }) {
    const at: Place = typeof place === 'number' ? { line: place } : place;
    super('line' in at ? `${path}:${at.line}: ${problem}` : `${path}: byte ${at.offset}: ${problem}`, options);
    this.name = 'TraceError';
    this.path = path;
    this.line = 'line' in at ? at.line : 0;
    this.offset = 'offset' in at ? at.offset : null;
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
const LINE_FEED = 0x0a;
const NO_BYTES = new Uint8Array(0);

/**
 * The lines of UTF-8 text, with LF or CR LF, in memory for one line at a time. Empty lines are passed over.
 * @throws {FormatError} text that is not UTF-8, a line of more than 1 MiB
 */
export async function* traceLines(input: ByteInput): AsyncGenerator<Line, void, undefined> {
  const decoder = new LineDecoder();
  for await (const chunk of input.chunks()) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = decoder.finish(chunk.subarray(start, end), true);
      if (line !== null) yield line;
      start = end + 1;
    }
    if (start < chunk.length) decoder.keep(chunk.subarray(start));
  }
  const last = decoder.finish(NO_BYTES, false);
  if (last !== null) yield last;
}

class LineDecoder {
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #parts: Uint8Array[] = [];
  #length = 0;
  #number = 1;

  keep(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#number === 1) refuseUtf16(this.#parts[0] as Uint8Array);
    if (this.#length > LONGEST_LINE) {
      const problem = `the line is longer than any of a trace (${LONGEST_LINE} bytes)`;
      throw new FormatError({ line: this.#number }, problem);
    }
  }

  finish(part: Uint8Array, terminated: boolean): Line | null {
    this.keep(part);
    const bytes = this.#parts.length === 1 ? part : joined(this.#parts, this.#length);
    const number = this.#number++;
    this.#parts = [];
    this.#length = 0;
    let text: string;
    try {
      text = this.#utf8.decode(bytes);
    } catch (cause) {
      throw new FormatError({ line: number }, 'this is not UTF-8 text', { cause });
    }
    text = text.trim();
    return text === '' ? null : { number, text, terminated };
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function refuseUtf16(start: Uint8Array): void {
  const mark = ((start[0] ?? 0) << 8) | (start[1] ?? 0);
  if (mark === 0xfffe || mark === 0xfeff) throw new FormatError({ line: 1 }, 'this is UTF-16 text; a trace is UTF-8');
}
