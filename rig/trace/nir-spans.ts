import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { joinedBytes } from './joined-bytes.ts';

/** Part of some bytes. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** Characters of a NIR, and with its key. */
const NIR_LENGTH = 13;
const NIR_AND_KEY_LENGTH = 15;
/** AAAAMMJJ. */
const DATE_LENGTH = 8;

const NO_BYTES = new Uint8Array(0);

const ZERO = 0x30;
const NINE = 0x39;

/**
 * Finds what may be a NIR in a stream of bytes that comes in pieces.
 *
 * A NIR is 13 ASCII characters of the right shape; two digits after it are its key, right or wrong: whoever mistypes
 * a key has still given the number away. The shape is sex, year, month, department (2A and 2B too), commune, order;
 * provisional numbers (first digit 5 to 8) have no shape beyond that. Where spans overlap all of them count, so in a
 * long run of digits no NIR stays readable, wherever it begins.
 */
export class NirStream {
  /** The end of the pieces before, from where a NIR may have begun. */
  #tail: Uint8Array = NO_BYTES;

  /**
   * @param piece looked at from `from` to `to`
   * @param goesOn whether the next piece may follow without a gap
   * @param isCut whether this piece may end in the middle of a value: then an end that may be the beginning of a NIR
   * counts as one
   * @returns spans in `piece`, in rising order, without overlap
   */
  next(piece: Uint8Array, from: number, to: number, goesOn: boolean, isCut: boolean): Span[] {
    const before = this.#tail.length;
    const text = joinedBytes(this.#tail, piece, from, to);
    const { spans, open } = findSpans(text, isCut);
    this.#tail = goesOn && open < text.length ? copyBytes(text, open) : NO_BYTES;
    return merge(spans, before, from - before);
  }
}

/** The spans of a text by itself, in characters; spaces, dots and hyphens within a number do not hide it. */
export function nirSpansOfText(text: string): Span[] {
  const codes: number[] = [];
  const places: number[] = [];
  for (let place = 0; place < text.length; place++) {
    if (/[ .\-\u00a0\u202f]/.test(text.charAt(place))) continue;
    // No other character may look like a digit when it is cut to a byte.
    codes.push(Math.min(text.charCodeAt(place), 0xff));
    places.push(place);
  }
  return merge(findSpans(Uint8Array.from(codes), false).spans, 0, 0).map(({ offset, length }) => {
    const first = places[offset] as number;
    return { offset: first, length: (places[offset + length - 1] as number) + 1 - first };
  });
}

/** @returns `open`: where the first NIR begins that may go on behind the text; its length if there is none */
function findSpans(text: Uint8Array, isCut: boolean): { spans: Span[]; open: number } {
  const spans: Span[] = [];
  const end = text.length;
  const hidesEnd = isCut && !endsWithDate(text);
  let open = end;
  for (let start = 0; start < end; start++) {
    const matched = matchedLength(text, start);
    if (matched === 0) continue;
    const reachesEnd = start + matched === end && matched < NIR_AND_KEY_LENGTH;
    if (reachesEnd) open = Math.min(open, start);
    if (matched >= NIR_LENGTH || (reachesEnd && hidesEnd)) spans.push({ offset: start, length: matched });
  }
  return { spans, open };
}

/** How many characters from `start` can be those of a NIR: 0 to 12, or 13 and its key, or what there is of it. */
function matchedLength(text: Uint8Array, start: number): number {
  const end = Math.min(text.length, start + NIR_LENGTH);
  let position = start;
  while (position < end && fits(text, start, position)) position++;
  if (position - start < NIR_LENGTH) return position - start;
  const keyEnd = Math.min(text.length, start + NIR_AND_KEY_LENGTH);
  let keyPosition = position;
  while (keyPosition < keyEnd && isDigit(text[keyPosition] as number)) keyPosition++;
  // One digit at the very end may be half a key; one digit before something else is not.
  return keyPosition === start + NIR_AND_KEY_LENGTH || keyPosition === text.length ? keyPosition - start : NIR_LENGTH;
}

function fits(text: Uint8Array, start: number, position: number): boolean {
  const character = text[position] as number;
  const index = position - start;
  if (index === 0) return character > ZERO && character < NINE;
  const before = text[position - 1] as number;
  const hasShape = (text[start] as number) < ZERO + 5;
  if (index === 6 && before === ZERO + 2 && hasShape && isCorsican(character)) return true;
  if (!isDigit(character)) return false;
  if (!hasShape) return true;
  // Month: 01 to 12, 20 to 99.
  if (index === 4 && before === ZERO) return character !== ZERO;
  if (index === 4 && before === ZERO + 1) return character <= ZERO + 2;
  // Department: no 00.
  return index !== 6 || before !== ZERO || character !== ZERO;
}

/**
 * Whether the text ends with a date that is the whole value of a data object: a context-specific tag, the length 8,
 * and AAAAMMJJ of a century in which somebody is alive. So end the files with birth dates, and no NIR is cut there.
 */
function endsWithDate(text: Uint8Array): boolean {
  const first = text.length - DATE_LENGTH;
  if (first < 2 || text[first - 1] !== DATE_LENGTH) return false;
  const tag = text[first - 2] as number;
  if (tag < 0x80 || tag > 0xbe) return false;
  for (let position = first; position < text.length; position++) {
    if (!isDigit(text[position] as number)) return false;
  }
  const century = (text[first] as number) * 10 + (text[first + 1] as number) - 11 * ZERO;
  return century === 19 || century === 20;
}

/** Joins what overlaps or touches, drops what lies before `from`, and moves the rest by `shift`. */
function merge(spans: readonly Span[], from: number, shift: number): Span[] {
  const merged: Span[] = [];
  let start = -1;
  let end = -1;
  const finish = (): void => {
    if (end > from) {
      const first = Math.max(start, from);
      merged.push({ offset: first + shift, length: end - first });
    }
  };
  // They come in the order of their starts.
  for (const { offset, length } of spans) {
    if (offset > end) {
      finish();
      start = offset;
    }
    end = Math.max(end, offset + length);
  }
  finish();
  return merged;
}

function isDigit(character: number): boolean {
  return character >= ZERO && character <= NINE;
}

function isCorsican(character: number): boolean {
  const upper = character & ~0x20;
  return upper === 0x41 || upper === 0x42;
}
