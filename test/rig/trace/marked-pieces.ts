import { expect } from 'vitest';
import type { FoundSpan } from '../../../rig/trace/person-spans.ts';

/** A stream of bytes in which something is found, written with what is to be found. */

/** Bytes before and behind each piece, which are not looked at. */
const HEAD = 3;
const BEHIND = 2;

interface Piece {
  readonly bytes: Uint8Array;
  readonly spans: readonly FoundSpan[];
  readonly afterGap: boolean;
}

/** Text stands in quotes, `N*XX` repeats a byte, the rest is hexadecimal. */
function bytesOf(written: string): number[] {
  const hex = written
    .replaceAll(/"([^"]*)"/g, (_, text: string) => Buffer.from(text, 'latin1').toString('hex'))
    .replaceAll(/(\d+)\*([\dA-F]{2})/g, (_, count: string, byte: string) => byte.repeat(Number(count)))
    .replaceAll(' ', '');
  return [...Buffer.from(hex, 'hex')];
}

/** `[KIND …]` is what is to be found, `[part KIND …]` when it is not all of the value. `gap` begins a piece that does not follow. */
function pieceOf(written: string): Piece {
  const bytes: number[] = new Array(HEAD).fill(0x65);
  const spans: FoundSpan[] = [];
  const afterGap = written.startsWith('gap ');
  for (const part of written.replace(/^gap /, '').split(/(\[[^\]]*\])/)) {
    const marked = /^\[(part )?(name|birth|signature) (.*)\]$/.exec(part);
    const own = bytesOf(marked?.[3] ?? part);
    if (marked !== null) {
      const what = marked[2] as FoundSpan['what'];
      spans.push({ offset: bytes.length, length: own.length, what, whole: marked[1] === undefined });
    }
    bytes.push(...own);
  }
  return { bytes: Uint8Array.from([...bytes, ...new Array(BEHIND).fill(0x65)]), spans, afterGap };
}

export function checkPieces(
  stream: { next(piece: Uint8Array, from: number, to: number, goesOn: boolean): FoundSpan[] },
  pieces: readonly string[],
): void {
  const written = pieces.map(pieceOf);
  const found = written.map(({ bytes }, i) =>
    stream.next(bytes, HEAD, bytes.length - BEHIND, written[i + 1]?.afterGap !== true),
  );
  expect(found).toEqual(written.map(({ spans }) => spans));
}
