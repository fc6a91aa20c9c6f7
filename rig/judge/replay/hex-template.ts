import { commandName } from '../../../src/apdu/instruction.ts';
import { shownPattern } from './rules-redaction.ts';

/** A pattern or a template that cannot be read, or that names a value nobody has given. */
export class TemplateError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TemplateError';
  }
}

/** Gives the value of a name, or throws {@link TemplateError}. */
export type Lookup = (name: string) => Uint8Array;

const SHAPE = /^(?:[0-9A-FX]|\{[A-Za-z][\w-]*\})*\*?$/;

/**
 * Hexadecimal digits with blanks in them: `X` any digit (`XX` any byte), `{name}` the bytes of a value, a last `*` any
 * more bytes. Spaces are free.
 */
export class HexTemplate {
  /** As it was written, without spaces and in upper case but for names. */
  readonly text: string;
  readonly #parts: readonly (string | { readonly name: string })[];
  /** Whether any more bytes may follow. */
  readonly open: boolean;

  private constructor(text: string) {
    this.text = text;
    this.open = text.endsWith('*');
    const closed = this.open ? text.slice(0, -1) : text;
    this.#parts = closed
      .split(/(\{[^}]*\})/)
      .filter((part) => part !== '')
      .map((part) => (part.startsWith('{') ? { name: part.slice(1, -1) } : part));
  }

  /** @throws {TemplateError} */
  static parse(written: string): HexTemplate {
    const text = written
      .replace(/\s+/g, '')
      .split(/(\{[^}]*\})/)
      .map((part) => (part.startsWith('{') ? part : part.toUpperCase()))
      .join('');
    if (!SHAPE.test(text)) throw new TemplateError('only hexadecimal digits, X, {name} and a last * may stand here');
    const template = new HexTemplate(text);
    if (template.#parts.some((part) => typeof part === 'string' && part.length % 2 !== 0)) {
      throw new TemplateError('an odd number of hexadecimal digits');
    }
    return template;
  }

  /** Names in it, in their order. */
  get names(): readonly string[] {
    return this.#parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
  }

  /** Digits and `X`, with the values in their places; without the `*`. @throws {TemplateError} from `lookup` */
  fill(lookup: Lookup): string {
    return this.#parts.map((part) => (typeof part === 'string' ? part : hexOf(lookup(part.name)))).join('');
  }

  /** All of it as bytes. @throws {TemplateError} where an `X` or a `*` leaves something open */
  bytes(lookup: Lookup): Uint8Array {
    const digits = this.fill(lookup);
    if (this.open || digits.includes('X')) throw new TemplateError(`${shownPattern(this.text)} leaves bytes open`);
    return bytesOfHex(digits);
  }

  /** `recorded` with this laid over it: `X` keeps the digit of the trace, `*` the rest of it. May hold `X` of a mask. */
  over(recorded: string, lookup: Lookup): string {
    const digits = this.fill(lookup);
    let result = '';
    for (let i = 0; i < digits.length; i++) {
      const digit = digits[i] as string;
      if (digit !== 'X') result += digit;
      else if (i < recorded.length) result += recorded[i];
      else
        throw new TemplateError(
          `${shownPattern(this.text)} keeps byte ${(i >> 1) + 1} of a command that has ${recorded.length / 2}`,
        );
    }
    return this.open ? result + recorded.slice(digits.length) : result;
  }

  /** Whether digits fit; an `X` on either side fits any digit. A name in the template must have its value. */
  fits(hex: string, lookup: Lookup = unknownName): boolean {
    return digitsFit(hex, this.fill(lookup), this.open);
  }
}

/** @param pattern digits and `X`; so is `hex` where bytes of it are masked */
export function digitsFit(hex: string, pattern: string, open = false): boolean {
  if (open ? hex.length < pattern.length : hex.length !== pattern.length) return false;
  return firstMismatch(hex, pattern) === null;
}

/** The first byte in which both have different digits, over the length of the shorter; null for none. */
export function firstMismatch(hex: string, pattern: string): number | null {
  const length = Math.min(hex.length, pattern.length);
  if (hex.startsWith(pattern)) return null;
  for (let i = 0; i < length; i++) {
    if (hex[i] !== pattern[i] && pattern[i] !== 'X' && hex[i] !== 'X') return i >> 1;
  }
  return null;
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex').toUpperCase();
}

/** @param digits an even number of hexadecimal digits; an `X` counts as 0 */
export function bytesOfHex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.includes('X') ? digits.replaceAll('X', '0') : digits, 'hex'));
}

/** Name of the command that digits or a template begin with. */
export function commandNameOf(digits: string): string {
  const [cla = 0, ins = 0] = bytesOfHex(digits.slice(0, 4));
  return commandName(cla, ins);
}

function unknownName(name: string): never {
  throw new TemplateError(`nothing was captured or computed as ${name}`);
}
