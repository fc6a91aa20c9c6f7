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
  // Within a number without separators none with them begins.
  let whole = 0;
  for (let start = 0; start < end; start++) {
    const matched = matchAt(text, start);
    if (matched.digits === 0 || (matched.isGrouped && start < whole)) continue;
    if (!matched.isGrouped && matched.digits >= NIR_LENGTH) whole = start + matched.length;
    const rest = end - start - matched.length;
    // A separator at the end may stand between two groups.
    const isOpen = rest === 0 || (rest === 1 && GROUPS.has(matched.digits) && isSeparator(text[end - 1]));
    const reachesEnd = isOpen && matched.digits < NIR_AND_KEY_LENGTH;
    if (reachesEnd) open = Math.min(open, start);
    if (matched.digits >= NIR_LENGTH || (reachesEnd && hidesEnd)) spans.push({ offset: start, length: matched.length });
  }
  return { spans, open };
}

/** The number from a place on, and its key where it follows. */
interface Match {
  /** Digits: 0 to 12, or 13, or 15 with the key, or what there is of them at the end of the text. */
  readonly digits: number;
  /** Bytes, separators between the groups included. */
  readonly length: number;
  readonly isGrouped: boolean;
}

const NO_MATCH: Match = { digits: 0, length: 0, isGrouped: false };
const digits = new Uint8Array(NIR_AND_KEY_LENGTH);

/**
 * How much from `start` can be that of a NIR. Between its groups (sex, year, month, department, commune, order, key) one
 * separator may stand.
 */
function matchAt(text: Uint8Array, start: number): Match {
  let count = 0;
  let position = start;
  while (count < NIR_LENGTH) {
    const at = separated(text, position, count);
    if (at >= text.length || !fits(count, text[at] as number)) break;
    digits[count++] = text[at] as number;
    position = at + 1;
  }
  const found = (digits: number, end: number): Match => ({
    digits,
    length: end - start,
    isGrouped: end - start > digits,
  });
  if (count < NIR_LENGTH) return count === 0 ? NO_MATCH : found(count, position);
  let keyCount = count;
  let keyEnd = position;
  while (keyCount < NIR_AND_KEY_LENGTH) {
    const at = separated(text, keyEnd, keyCount);
    if (at >= text.length || !isDigit(text[at] as number)) break;
    keyCount++;
    keyEnd = at + 1;
  }
  // One digit at the very end may be half a key; one digit before something else is not.
  const counts = keyCount === NIR_AND_KEY_LENGTH || keyEnd === text.length;
  // Behind a separator and before more digits: the beginning of another number.
  const isNext = separated(text, position, NIR_LENGTH) !== position && isDigit(text[keyEnd] ?? 0);
  return counts && !isNext ? found(keyCount, keyEnd) : found(NIR_LENGTH, position);
}

/** Digits before which a separator may stand. */
const GROUPS: ReadonlySet<number> = new Set([1, 3, 5, 7, 10, 13]);

function separated(text: Uint8Array, position: number, count: number): number {
  return GROUPS.has(count) && isSeparator(text[position]) && position + 1 < text.length ? position + 1 : position;
}

/** A space, also that of Latin-1 that does not break; a dot; a hyphen. */
function isSeparator(character: number | undefined): boolean {
  return character === 0x20 || character === 0xa0 || character === 0x2e || character === 0x2d;
}

/** Bytes of a NIR without the separators between its groups. */
export function withoutSeparators(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte) => !isSeparator(byte));
}

function fits(index: number, character: number): boolean {
  if (index === 0) return character > ZERO && character < NINE;
  const before = digits[index - 1] as number;
  const hasShape = (digits[0] as number) < ZERO + 5;
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
