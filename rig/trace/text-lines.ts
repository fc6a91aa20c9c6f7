import type { Line } from './lines.ts';
import { type ByteInput, FormatError } from './stream.ts';

/** A command of 65,544 bytes as `HH `, with whatever a log puts around it, is far below. */
export const LONGEST_TEXT_LINE: number = 1024 * 1024;

const LINE_FEED = 0x0a;
const NO_BYTES = new Uint8Array(0);

/**
 * The lines of a log, one in memory at a time, without their ends (LF or CR LF), nothing else trimmed, empty ones too.
 *
 * UTF-8 with or without a byte order mark, and UTF-16 with one. Bytes that are not of the encoding become U+FFFD: logs
 * carry names in whatever encoding, and what matters in them is ASCII.
 * @throws {FormatError} a line of more than 1 MiB, or one with NUL characters, which no text has
 */
export async function* textLines(input: ByteInput): AsyncGenerator<Line, void, undefined> {
  const encoding = encodingOf(await input.head());
  const bytes = encoding === 'utf-8' ? input.chunks() : asUtf8(input.chunks(), encoding);
  const utf8 = new TextDecoder('utf-8');
  let number = 1;
  let kept: Uint8Array[] = [];
  let keptLength = 0;
  const finish = (last: Uint8Array, terminated: boolean): Line => {
    const whole = keptLength === 0 ? last : Buffer.concat([...kept, last]);
    kept = [];
    keptLength = 0;
    if (whole.includes(0)) throw new FormatError({ line: number }, 'this is not text: it has a NUL character');
    const text = utf8.decode(whole);
    return { number: number++, text: text.endsWith('\r') ? text.slice(0, -1) : text, terminated };
  };
  const checkLength = (length: number): void => {
    if (length <= LONGEST_TEXT_LINE) return;
    throw new FormatError({ line: number }, `the line is longer than any of a trace (${LONGEST_TEXT_LINE} bytes)`);
  };
  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      checkLength(keptLength + end - start);
      yield finish(chunk.subarray(start, end), true);
      start = end + 1;
    }
    if (start === chunk.length) continue;
    kept.push(chunk.subarray(start));
    keptLength += chunk.length - start;
    checkLength(keptLength);
  }
  if (keptLength > 0) yield finish(NO_BYTES, false);
}

/** The beginning of a text for `guess`: decoded, cut to whole lines where it has any. Null for what is no text. */
export function headText(head: Uint8Array): string | null {
  const text = new TextDecoder(encodingOf(head)).decode(head);
  if (text.includes('\0')) return null;
  const end = text.lastIndexOf('\n');
  return (end < 0 ? text : text.slice(0, end + 1)).replaceAll('\r\n', '\n');
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

function encodingOf(head: Uint8Array): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

async function* asUtf8(chunks: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  for await (const chunk of chunks) {
    const bytes = encoder.encode(decoder.decode(chunk, { stream: true }));
    if (bytes.length > 0) yield bytes;
  }
  const rest = encoder.encode(decoder.decode());
  if (rest.length > 0) yield rest;
}
