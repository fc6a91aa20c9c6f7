import { CodeStream } from './code-spans.ts';
import { commandLayout } from './command-layout.ts';
import type { Mask } from './model.ts';
import { NirStream, nirSpansOfText, type Span } from './nir-spans.ts';

const NOTHING: readonly Mask[] = [];
const CHAINING = 0x10;
const GET_RESPONSE = 0xc0;
const ENVELOPE = 0xc2;
const MORE_DATA = 0x61;

/**
 * Says which bytes of a session nobody is to read: codes in commands, NIRs in commands and responses.
 *
 * A NIR may be cut by the reader: READ BINARY in pieces, UPDATE BINARY in pieces, chained commands, GET RESPONSE. So
 * the redactor wants all the APDUs of a session in their order, and remembers the last few bytes of the last one.
 */
export class Redactor {
  readonly #codes = new CodeStream();
  // The contents of transparent files apart from all else, which may come in between.
  readonly #updated = new NirStream();
  readonly #sent = new NirStream();
  readonly #read = new NirStream();
  readonly #answered = new NirStream();
  /** Of the last command that was not GET RESPONSE. */
  #instruction = -1;
  #ne: number | null = null;

  command(apdu: Uint8Array): readonly Mask[] {
    const instruction = apdu[1] ?? -1;
    const { dataOffset, dataLength, ne } = commandLayout(apdu);
    if (instruction !== GET_RESPONSE) this.#instruction = instruction;
    this.#ne = ne;
    const codes = this.#codes.next(apdu);
    if (dataLength === 0) return NOTHING;
    const end = dataOffset + dataLength;
    if (isUpdateBinary(instruction)) {
      return masksOf(codes, this.#updated.next(apdu, updateOffset(apdu, dataOffset, end), end, true, true));
    }
    const goesOn = instruction === ENVELOPE || ((apdu[0] as number) & CHAINING) !== 0;
    return masksOf(codes, this.#sent.next(apdu, dataOffset, end, goesOn, goesOn));
  }

  response(apdu: Uint8Array): readonly Mask[] {
    const length = apdu.length - 2;
    if (length <= 0) return NOTHING;
    const hasMore = apdu[length] === MORE_DATA;
    if (!isReadBinary(this.#instruction)) return masksOf([], this.#answered.next(apdu, 0, length, hasMore, hasMore));
    const isFull = this.#ne !== null && length >= this.#ne;
    const from = this.#instruction === 0xb1 ? valueOffset(apdu, 0, length, 0x53) : 0;
    return masksOf([], this.#read.next(apdu, from, length, true, hasMore || isFull));
  }
}

/** A note or a description without the NIRs in it, and where they were. */
export function redactText(text: string): { readonly text: string; readonly masks: readonly Mask[] } {
  const masks = masksOf([], nirSpansOfText(text));
  let redacted = text;
  for (const { offset, length } of masks) {
    redacted = redacted.slice(0, offset) + 'X'.repeat(length) + redacted.slice(offset + length);
  }
  return { text: redacted, masks };
}

function isReadBinary(instruction: number): boolean {
  return instruction === 0xb0 || instruction === 0xb1;
}

function isUpdateBinary(instruction: number): boolean {
  return instruction === 0xd6 || instruction === 0xd7;
}

/** UPDATE BINARY with odd INS: offset data object, then the bytes themselves in another one. */
function updateOffset(apdu: Uint8Array, from: number, end: number): number {
  if (apdu[1] !== 0xd7 || apdu[from] !== 0x54) return from;
  return valueOffset(apdu, from + 2 + (apdu[from + 1] ?? 0), end, 0x53);
}

/** Where the value of the data object at `from` begins; `from` itself when there is no such object. */
function valueOffset(apdu: Uint8Array, from: number, end: number, tag: number): number {
  if (from >= end || apdu[from] !== tag) return Math.min(from, end);
  const length = apdu[from + 1] ?? 0;
  const lengthBytes = length < 0x80 ? 1 : 1 + (length & 0x7f);
  return Math.min(from + 1 + lengthBytes, end);
}

/** Where a NIR lies in a code, the code counts. */
function masksOf(codes: readonly Span[], nirs: readonly Span[]): readonly Mask[] {
  if (codes.length === 0 && nirs.length === 0) return NOTHING;
  const masks: Mask[] = codes.map((span) => ({ ...span, what: 'code' }));
  for (const nir of nirs) {
    for (const rest of without(nir, codes)) masks.push({ ...rest, what: 'nir' });
  }
  return masks.sort((a, b) => a.offset - b.offset);
}

function without(span: Span, holes: readonly Span[]): Span[] {
  const rest: Span[] = [];
  let position = span.offset;
  const end = span.offset + span.length;
  for (const hole of holes) {
    if (hole.offset >= end || hole.offset + hole.length <= position) continue;
    if (hole.offset > position) rest.push({ offset: position, length: hole.offset - position });
    position = hole.offset + hole.length;
  }
  if (position < end) rest.push({ offset: position, length: end - position });
  return rest;
}
