import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { joinedBytes } from './joined-bytes.ts';
import type { MaskKind } from './model.ts';
import type { Span } from './nir-spans.ts';
import { endWithoutFiller, isFiller } from './padding.ts';
import { lengthAt } from './signature-spans.ts';

/** A span that is to be masked, and why. */
export interface FoundSpan extends Span {
  readonly what: MaskKind;
  /** All of the value lies in it: its bytes stand for the secret. */
  readonly whole: boolean;
  /** Only a check number speaks for it: what partly lies in another secret is none. */
  readonly doubtful?: boolean;
}

type Kind = 'name' | 'birth' | 'signature';

/** Data objects with names and birth dates, by the template that they are in. */
const PEOPLE: ReadonlyMap<number, ReadonlyMap<number, Kind>> = new Map([
  // D001 of our card; and the cardholder related data of ISO/IEC 7816-6.
  [
    0x65,
    new Map<number, Kind>([
      [0x80, 'name'],
      [0x81, 'name'],
      [0x82, 'birth'],
      [0x5b, 'name'],
      [0x5f20, 'name'],
      [0x5f2b, 'birth'],
    ]),
  ],
  // E002: a beneficiary.
  [
    0xe2,
    new Map<number, Kind>([
      [0x83, 'birth'],
      [0x84, 'name'],
      [0x85, 'name'],
      [0x86, 'name'],
    ]),
  ],
  // E004: the professional of an invoice.
  [0xe4, new Map<number, Kind>([[0x84, 'name']])],
  // Travel documents: the machine readable zone of DG1, the details of DG11.
  [0x61, new Map<number, Kind>([[0x5f1f, 'name']])],
  [
    0x6b,
    new Map<number, Kind>([
      [0x5f0e, 'name'],
      [0x5f0f, 'name'],
      [0x5f2b, 'birth'],
    ]),
  ],
  // Payment cards: a record with the cardholder's name; or with what signs the records, for everybody to check.
  [
    0x70,
    new Map<number, Kind>([
      [0x5f20, 'name'],
      [0x93, 'signature'],
      [0x9f46, 'signature'],
    ]),
  ],
]);
/** A child that a template must have before those after it count: a date of eight digits. Other cards use the tag too. */
const DATED: ReadonlyMap<number, number> = new Map([
  [0xe2, 0x83],
  [0xe4, 0x81],
]);
/** What GET DATA and PUT DATA call by these tags is the bare value. */
const BARE: ReadonlyMap<number, Kind> = new Map([
  [0x5b, 'name'],
  [0x5f20, 'name'],
  [0x5f0e, 'name'],
  [0x5f2b, 'birth'],
  [0x5f37, 'signature'],
  [0x5f3d, 'signature'],
]);

/** A template is waited for as long as no more of it has come: six bytes of header and 4096 others. */
const LONGEST_OPEN = 6 + 4096;
/** Bytes of a tag. */
const LONGEST_TAG = 4;
const NO_BYTES = new Uint8Array(0);

/** Whether the answer to GET DATA for a tag is a name, a birth date or a signature. */
export function personOfTag(tag: number): Kind | null {
  return BARE.get(tag) ?? null;
}

/**
 * Finds names and birth dates in a stream of bytes that comes in pieces: by the templates of the data dictionary,
 * wherever they begin, as far as its data objects can be read.
 */
export class PersonStream {
  #tail: Uint8Array = NO_BYTES;

  /** @param goesOn whether the next piece may follow without a gap */
  next(piece: Uint8Array, from: number, to: number, goesOn: boolean): FoundSpan[] {
    const before = this.#tail.length;
    const text = joinedBytes(this.#tail, piece, from, to);
    const found: FoundSpan[] = [];
    const open = findPeople(text, found);
    this.#tail = goesOn ? copyBytes(text, open) : NO_BYTES;
    if (found.length === 0) return found;
    return found.flatMap(({ offset, length, what, whole }) => {
      const end = offset + length;
      if (end <= before) return [];
      const start = Math.max(offset, before);
      return [{ offset: start - before + from, length: end - start, what, whole: whole && start === offset }];
    });
  }
}

/** @returns where the first template begins that goes on behind the text and is waited for; the text's length if none */
function findPeople(text: Uint8Array, found: FoundSpan[]): number {
  const isWaitedFor = (at: number): boolean => text.length - at <= LONGEST_OPEN;
  let open = text.length;
  for (let at = 0; at < text.length; at++) {
    const children = PEOPLE.get(text[at] as number);
    if (children === undefined) continue;
    const length = lengthAt(text, at + 1);
    if (length === 'cut') {
      open = Math.min(open, at);
      continue;
    }
    if (length === null) continue;
    const spans: FoundSpan[] = [];
    const state = readChildren(text, at, length.from, length.from + length.value, children, spans);
    // What was found before the template goes wrong counts too: its length may be a mistake.
    found.push(...spans);
    if (state === 'wrong') continue;
    if (state === 'cut') {
      if (isWaitedFor(at)) open = Math.min(open, at);
    }
    // Nested templates of the same kind do not occur: what was read is done with.
    else if (spans.length > 0) at = length.from + length.value - 1;
  }
  return open;
}

function readChildren(
  text: Uint8Array,
  template: number,
  from: number,
  to: number,
  children: ReadonlyMap<number, Kind>,
  spans: FoundSpan[],
): 'whole' | 'cut' | 'wrong' {
  const date = DATED.get(text[template] as number);
  let dated = date === undefined;
  let at = from;
  while (at < to) {
    if (at >= text.length) return 'cut';
    if (isFiller(text[at])) {
      at++;
      continue;
    }
    const first = at;
    let tag = text[at++] as number;
    if ((tag & 0x1f) === 0x1f) {
      let isLast = false;
      while (!isLast) {
        if (at >= text.length) return 'cut';
        if (at - first === LONGEST_TAG) return 'wrong';
        const next = text[at++] as number;
        isLast = (next & 0x80) === 0;
        tag = tag * 256 + next;
      }
    }
    const length = lengthAt(text, at);
    if (length === 'cut') return 'cut';
    if (length === null) return 'wrong';
    const end = length.from + length.value;
    if (end > to) return 'wrong';
    const there = Math.min(end, text.length);
    const kind = children.get(tag);
    if (tag === date) {
      if (!isDate(text, length.from, there, length.value)) return 'wrong';
      dated = true;
    }
    if (kind !== undefined && dated && !(there === length.from || isErased(kind, text, length.from, there))) {
      if (!fitsKind(kind, text, length.from, there, length.value)) return 'wrong';
      spans.push({ offset: length.from, length: there - length.from, what: kind, whole: there === end });
    }
    at = end;
    if (at > text.length) return 'cut';
  }
  return 'whole';
}

function fitsKind(kind: Kind, text: Uint8Array, from: number, to: number, length: number): boolean {
  if (kind === 'signature') return true;
  return kind === 'name' ? isText(text, from, to) : isDate(text, from, to, length);
}

/** Eight digits AAAAMMJJ, or four bytes with two each, as far as they are there. */
function isDate(text: Uint8Array, from: number, to: number, length: number): boolean {
  if (length !== 8 && length !== 4) return false;
  for (let at = from; at < to; at++) {
    const byte = text[at] as number;
    const fits = length === 8 ? byte >= 0x30 && byte <= 0x39 : byte >> 4 <= 9 && (byte & 0x0f) <= 9;
    if (!fits) return false;
  }
  return true;
}

/** No name and no date, but memory where one may come. */
function isErased(kind: Kind, text: Uint8Array, from: number, to: number): boolean {
  return kind !== 'signature' && endWithoutFiller(text, from, to) === from;
}

/** Characters, filled up behind or not. */
function isText(text: Uint8Array, from: number, to: number): boolean {
  const end = endWithoutFiller(text, from, to);
  for (let at = from; at < end; at++) {
    const byte = text[at] as number;
    if (byte < 0x20 || byte === 0x7f || byte === 0xff) return false;
  }
  return true;
}
