import { sameBytes } from '../../src/apdu/same-bytes.ts';
import { KnownCodes } from './known-codes.ts';
import { endWithoutFiller } from './padding.ts';
import type { FoundSpan } from './person-spans.ts';

/** Characters from which a name is looked for everywhere; shorter ones only where the data say that they are names. */
const SHORTEST_NAME = 3;
/** Longer ones are no names of people but lines with more in them. */
const LONGEST_NAME = 64;
/** Values kept; the oldest go first. A card has a family on it, a trace may have many cards. */
const MOST_VALUES = 512;

interface Value {
  readonly bytes: Uint8Array;
  readonly what: 'name' | 'birth';
}

/**
 * The names, birth dates and numbers that a session has shown so far, to be found again wherever they turn up: names in
 * any case, in Latin-1, UTF-8 or without accents; dates as digits and in BCD; NIRs in BCD.
 */
export class KnownPeople {
  /** By their first three bytes. */
  readonly #values = new Map<number, Value[]>();
  readonly #words = new Map<string, 'name' | 'birth'>();
  readonly #nirs = new Set<string>();
  /** The codes that were presented. */
  readonly codes: KnownCodes = new KnownCodes();

  /** @param bytes a whole value as it stood in the data */
  add(bytes: Uint8Array, what: 'name' | 'birth'): void {
    const text = what === 'birth' ? digitsOf(bytes) : nameOf(bytes);
    const length = [...text].length;
    if (length < SHORTEST_NAME || length > LONGEST_NAME || !/[\p{L}\p{N}]/u.test(text)) return;
    const word = text.toUpperCase();
    if (this.#words.has(word)) return;
    const oldest = this.#words.keys().next().value;
    if (this.#words.size >= MOST_VALUES && oldest !== undefined) this.#forget(oldest);
    this.#words.set(word, what);
    for (const form of formsOf(word, what)) {
      const list = this.#values.get(prefix(form, 0));
      if (list === undefined) this.#values.set(prefix(form, 0), [{ bytes: form, what }]);
      else list.push({ bytes: form, what });
    }
  }

  /** @param text 13 characters */
  addNir(text: string): void {
    const oldest = this.#nirs.values().next().value;
    if (this.#nirs.size >= MOST_VALUES && oldest !== undefined) this.#nirs.delete(oldest);
    this.#nirs.add(text.toUpperCase());
  }

  /** @param text 13 characters, upper case */
  hasNir(text: string): boolean {
    return this.#nirs.has(text);
  }

  /** Where known names and dates stand in some bytes. */
  find(bytes: Uint8Array, from: number, to: number): FoundSpan[] {
    const found: FoundSpan[] = [];
    if (this.#values.size === 0) return found;
    for (let at = from; at + SHORTEST_NAME <= to; at++) {
      const list = this.#values.get(prefix(bytes, at));
      if (list === undefined) continue;
      for (const { bytes: value, what } of list) {
        if (at + value.length > to || !startsAt(bytes, at, value)) continue;
        found.push({ offset: at, length: value.length, what, whole: true });
      }
    }
    return found;
  }

  /** Where they stand in a text, in characters. */
  findInText(text: string): FoundSpan[] {
    const found: FoundSpan[] = [];
    if (this.#words.size === 0) return found;
    const folded = upperByCharacter(text);
    const plain = upperByCharacter(text, true);
    for (const [word, what] of this.#words) {
      for (const [place, form] of [
        [folded, word],
        [plain, withoutAccents(word)],
      ] as const) {
        for (let at = place.indexOf(form); at >= 0; at = place.indexOf(form, at + 1)) {
          found.push({ offset: at, length: form.length, what, whole: true });
        }
      }
    }
    return found;
  }

  #forget(word: string): void {
    const what = this.#words.get(word) ?? 'name';
    this.#words.delete(word);
    for (const form of formsOf(word, what)) {
      const key = prefix(form, 0);
      const rest = (this.#values.get(key) ?? []).filter(({ bytes }) => !sameBytes(bytes, form));
      if (rest.length === 0) this.#values.delete(key);
      else this.#values.set(key, rest);
    }
  }
}

/** The characters of a name, without what fills up its value. */
export function nameOf(bytes: Uint8Array): string {
  return textOf(bytes.subarray(0, endWithoutFiller(bytes, 0, bytes.length))).trim();
}

/** UTF-8 where it is that, else Latin-1. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}

/** The digits of a date: ASCII, or two a byte. */
export function digitsOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  return bytes.length === 4 ? buffer.toString('hex') : buffer.toString('latin1');
}

function formsOf(word: string, what: 'name' | 'birth'): Uint8Array[] {
  if (what === 'birth')
    return /^\d{8}$/.test(word) ? [Buffer.from(word), Buffer.from(word, 'hex')] : [Buffer.from(word)];
  const lower = word.toLowerCase();
  const title = lower.replace(
    /(^|[^\p{L}])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
  const forms = new Map<string, Uint8Array>();
  for (const text of [word, lower, title, ...[word, lower, title].map(withoutAccents)]) {
    for (const encoding of ['utf8', 'latin1'] as const) {
      const bytes = Buffer.from(text, encoding);
      if (bytes.length >= SHORTEST_NAME) forms.set(bytes.toString('hex'), bytes);
    }
  }
  return [...forms.values()];
}

function withoutAccents(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '');
}

/** In upper case, where every character keeps its place. */
function upperByCharacter(text: string, plain = false): string {
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    const upper = plain ? withoutAccents(character).toUpperCase() : character.toUpperCase();
    result += upper.length === 1 ? upper : character;
  }
  return result;
}

function prefix(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

function startsAt(bytes: Uint8Array, at: number, value: Uint8Array): boolean {
  for (let i = SHORTEST_NAME; i < value.length; i++) if (bytes[at + i] !== value[i]) return false;
  return true;
}
