import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { joinedBytes } from './joined-bytes.ts';
import type { KnownPeople } from './known-people.ts';
import type { FoundSpan } from './person-spans.ts';

const NIR_LENGTH = 13;
const NIR_AND_KEY_LENGTH = 15;
/** Bytes that hold 15 digits, wherever in the first byte they begin. */
const LONGEST = 8;
/** An end that may be the beginning of a NIR counts as one from so many bytes on: less looks like too much else. */
const SHORTEST_CUT = 4;
/** A text has so many letters among so many characters. */
const LETTERS_BEFORE = 3;
const TEXT_BEFORE = 4;
/** Share of bytes from 30 to 39 from which something is taken for digits in ASCII; a beginning alone says less. */
const MOST_ASCII = 0.75;
const MOST_ASCII_CUT = 0.5;
const NO_BYTES = new Uint8Array(0);

/**
 * Finds NIRs with two digits a byte, from either half of a byte on. So many bytes look like one that it takes more than
 * the shape: a key of two digits that is right, or a number that the session has shown before. Corsican departments are
 * 2A and 2B, in hexadecimal.
 */
export class BcdNirStream {
  readonly #known: KnownPeople;
  #tail: Uint8Array = NO_BYTES;

  constructor(known: KnownPeople) {
    this.#known = known;
  }

  /** As {@link NirStream}. */
  next(piece: Uint8Array, from: number, to: number, goesOn: boolean, isCut: boolean): FoundSpan[] {
    const before = this.#tail.length;
    const bytes = joinedBytes(this.#tail, piece, from, to);
    this.#tail = goesOn ? copyBytes(bytes, Math.max(0, bytes.length - LONGEST + 1 - TEXT_BEFORE)) : NO_BYTES;
    const found: FoundSpan[] = [];
    const nibbles = 2 * bytes.length;
    for (let at = 0; at + 2 * SHORTEST_CUT <= nibbles; at++) {
      const digits = this.#digitsAt(bytes, at);
      let used = 0;
      if (digits.length >= NIR_LENGTH) used = this.#lengthOf(digits, isPadded(bytes, at));
      else if (isCut && at + digits.length === nibbles && isBeginning(digits)) used = digits.length;
      if (used === 0) continue;
      const first = at >> 1;
      const end = (at + used + 1) >> 1;
      if (end <= before) continue;
      const isCutOff = used < NIR_LENGTH;
      if (asciiDigits(bytes, first, end) >= (isCutOff ? MOST_ASCII_CUT : MOST_ASCII)) continue;
      if (isCutOff && isText(bytes, first, end)) continue;
      const unknown = used >= NIR_LENGTH && !this.#known.hasNir(digits.slice(0, NIR_LENGTH));
      if (unknown && (isText(bytes, first, end) || isCounting(bytes, first, end))) continue;
      const start = Math.max(first, before);
      const whole = used >= NIR_LENGTH && start === first;
      const doubtful = unknown;
      found.push({ offset: start - before + from, length: end - start, what: 'nir', whole, doubtful });
    }
    return found;
  }

  /** 13 when the number is known, 15 when its key is right, else 0. The rare kinds only as BCD fills bytes. */
  #lengthOf(digits: string, padded: boolean): number {
    const nir = digits.slice(0, NIR_LENGTH);
    if (digits.length === NIR_AND_KEY_LENGTH) {
      // The number and 97 minus its key: the department is 19 for 2A and 18 for 2B.
      const number = Number(nir.replace('A', '0').replace('B', '0')) - offsetOf(nir);
      const key = 97 - (number % 97);
      const isRight = key === Number(digits.slice(NIR_LENGTH)) && (padded || digits < '3');
      if (isRight || this.#known.hasNir(nir)) return NIR_AND_KEY_LENGTH;
    }
    return this.#known.hasNir(nir) ? NIR_LENGTH : 0;
  }

  /** What is of the shape of a NIR from a half byte on: at most 15 characters. */
  #digitsAt(bytes: Uint8Array, at: number): string {
    let digits = '';
    for (let index = 0; index < NIR_AND_KEY_LENGTH; index++) {
      const byte = bytes[(at + index) >> 1];
      if (byte === undefined) break;
      const nibble = ((at + index) & 1) === 0 ? byte >> 4 : byte & 0x0f;
      if (!fits(digits, index, nibble)) break;
      digits += nibble.toString(16).toUpperCase();
    }
    return digits;
  }
}

/** Whether the 15 digits from a half byte on fill whole bytes with 0 before or F behind them, as BCD has it. */
function isPadded(bytes: Uint8Array, at: number): boolean {
  if (at % 2 === 1) return (bytes[at >> 1] as number) >> 4 === 0;
  const last = bytes[(at + NIR_AND_KEY_LENGTH) >> 1];
  return last !== undefined && (last & 0x0f) === 0x0f;
}

/** Of the frequent kinds: the others look like too much else. */
function isBeginning(digits: string): boolean {
  return digits.startsWith('1') || digits.startsWith('2');
}

/** The share of digits in ASCII: they are digits in BCD too, of numbers in which every other digit is 3. */
function asciiDigits(bytes: Uint8Array, from: number, to: number): number {
  let digits = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x30 && byte <= 0x39) digits++;
  }
  return digits / (to - from);
}

/** Every byte the same step from the one before: the patterns that tests fill data with. */
function isCounting(bytes: Uint8Array, from: number, to: number): boolean {
  const step = ((bytes[from + 1] as number) - (bytes[from] as number)) & 0xff;
  for (let at = from + 2; at < to; at++) {
    if ((((bytes[at] as number) - (bytes[at - 1] as number)) & 0xff) !== step) return false;
  }
  return true;
}

/** Printable, and letters before it: the end of a sentence, as " card", is digits too. */
function isText(bytes: Uint8Array, from: number, to: number): boolean {
  if (from < TEXT_BEFORE) return false;
  let letters = 0;
  for (let at = from - TEXT_BEFORE; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x20 || byte > 0x7e) return false;
    const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
    if (isLetter && at < from) letters++;
  }
  return letters >= LETTERS_BEFORE;
}

/** The 13 characters of the first NIR in bytes that hold one, for its pseudonym. */
export function nirOfBcd(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex').toUpperCase();
  return /[1-8]\d{5}[\dAB]\d{6}/.exec(hex)?.[0] ?? hex;
}

function fits(digits: string, index: number, nibble: number): boolean {
  if (index === 0) return nibble >= 1 && nibble <= 8;
  const hasShape = (digits.charCodeAt(0) & 0x0f) < 5;
  const before = digits.charCodeAt(index - 1) & 0x0f;
  if (index === 6 && hasShape && before === 2 && (nibble === 0x0a || nibble === 0x0b)) return true;
  if (nibble > 9) return false;
  if (!hasShape) return true;
  if (index === 4 && before === 0) return nibble !== 0;
  if (index === 4 && before === 1) return nibble <= 2;
  return index !== 6 || before !== 0 || nibble !== 0;
}

/** What 2A and 2B, written 20, are too large by: to 19 and 18. */
function offsetOf(nir: string): number {
  if (nir.charAt(6) === 'A') return 1_000_000;
  return nir.charAt(6) === 'B' ? 2_000_000 : 0;
}
