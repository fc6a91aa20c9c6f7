import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { toHex } from '../../src/apdu/hex.ts';
import { endWithoutFiller } from './padding.ts';
import type { FoundSpan } from './person-spans.ts';

/** Shorter ones are found by chance. */
const SHORTEST_RAW = 4;
const SHORTEST_BCD = 3;
/** A code of fewer digits counts only where no other digit touches it: it is found in dates and amounts. */
const SURE_DIGITS = 6;
const MOST_CODES = 64;

/** The codes that a session has presented, to be found again in other commands, in answers and in notes. */
export class KnownCodes {
  readonly #forms = new Map<string, Uint8Array>();
  readonly #digits = new Set<string>();

  /** @param data the data field of a command that presents or sets a code: one, or an old and a new one of the same length */
  add(data: Uint8Array): void {
    this.#addOne(data);
    if (data.length % 2 !== 0 || data.length < 2 * SHORTEST_RAW) return;
    this.#addOne(data.subarray(0, data.length / 2));
    this.#addOne(data.subarray(data.length / 2));
  }

  find(bytes: Uint8Array, from: number, to: number): FoundSpan[] {
    const found: FoundSpan[] = [];
    for (const form of this.#forms.values()) {
      for (let at = from; at + form.length <= to; at++) {
        if (!startsAt(bytes, at, form)) continue;
        const end = at + form.length;
        const isShort = form.length < SURE_DIGITS && form.every(isDigit);
        const touches = (at > from && isDigit(bytes[at - 1] as number)) || (end < to && isDigit(bytes[end] as number));
        if (!isShort || !touches) found.push({ offset: at, length: form.length, what: 'code', whole: false });
      }
    }
    return found;
  }

  /** In characters. */
  findInText(text: string): FoundSpan[] {
    const found: FoundSpan[] = [];
    for (const digits of this.#digits) {
      for (const { index } of text.matchAll(new RegExp(`(?<!\\d)${digits}(?!\\d)`, 'g'))) {
        found.push({ offset: index, length: digits.length, what: 'code', whole: false });
      }
    }
    return found;
  }

  #addOne(data: Uint8Array): void {
    const code = copyBytes(data, 0, endWithoutFiller(data, 0, data.length));
    if (code.length === 0) return;
    if (code.length >= SHORTEST_RAW) this.#addForm(code);
    const digits = digitsOfCode(code);
    if (digits === null || digits.length < SHORTEST_RAW) return;
    if (this.#digits.size < MOST_CODES) this.#digits.add(digits);
    this.#addForm(Buffer.from(digits));
    const packed = Buffer.from(digits.length % 2 === 0 ? digits : `${digits}F`, 'hex');
    if (packed.length >= SHORTEST_BCD) this.#addForm(packed);
  }

  #addForm(form: Uint8Array): void {
    const oldest = this.#forms.keys().next().value;
    if (this.#forms.size >= 4 * MOST_CODES && oldest !== undefined) this.#forms.delete(oldest);
    this.#forms.set(toHex(form), form);
  }
}

/** ASCII; the block of ISO 9564 format 2 (2, count of digits, digits, F); two digits a byte with F behind. */
function digitsOfCode(code: Uint8Array): string | null {
  if (code.every(isDigit)) return Buffer.from(code).toString('latin1');
  const hex = toHex(code);
  const count = Number.parseInt(hex.charAt(1), 16);
  if (hex.startsWith('2') && count >= 4 && count <= 12 && /^\d+F*$/.test(hex.slice(2))) {
    const digits = hex.slice(2, 2 + count);
    if (/^\d+$/.test(digits) && digits.length === count) return digits;
  }
  return /^\d+F?$/.test(hex) ? hex.replace('F', '') : null;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function startsAt(bytes: Uint8Array, at: number, form: Uint8Array): boolean {
  for (let i = 0; i < form.length; i++) if (bytes[at + i] !== form[i]) return false;
  return true;
}
