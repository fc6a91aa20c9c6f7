import type { KeyedNir } from './nir.ts';
import { decodeLatin1, decodeUtf8, encodeLatin1, encodeUtf8, isPrintable } from './text.ts';

/** How one value lies in the value field of a data object, both ways. */
export interface Format<V> {
  /** @throws {FormatError} the value does not fit */
  encode(value: V): Uint8Array;
  /** @throws {FormatError} the bytes are not of this format */
  decode(bytes: Uint8Array): V;
}

/** Why a value or its bytes do not fit a format, without the value. */
export class FormatError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'FormatError';
  }
}

/** A fixed number of ASCII digits, kept as text: codes and numbers whose leading zeros count. */
export function digits(length: number): Format<string> {
  return matching(new RegExp(`^[0-9]{${length}}$`), `not ${length} digits`);
}

/** A date as 8 ASCII digits, AAAAMMJJ. Month and day are not judged: birth dates may have a month over 12. */
export const DATE: Format<string> = digits(8);

/** ASCII characters that fit a pattern. */
export function matching(pattern: RegExp, otherwise: string): Format<string> {
  const check = (text: string): string => {
    if (!pattern.test(text)) throw new FormatError(otherwise);
    return text;
  };
  return {
    encode: (value) => encodeLatin1(check(value)) as Uint8Array,
    decode: (bytes) => check(decodeLatin1(bytes)),
  };
}

/** Text for people, at least one byte, no control characters. */
export const LATIN_1_TEXT: Format<string> = text(encodeLatin1, decodeLatin1, 'not Latin-1');
export const UTF_8_TEXT: Format<string> = text(encodeUtf8, decodeUtf8, 'not UTF-8');

function text(
  encode: (text: string) => Uint8Array | null,
  decode: (bytes: Uint8Array) => string | null,
  otherwise: string,
): Format<string> {
  return {
    encode: (value) => {
      if (value === '') throw new FormatError('empty');
      if (!isPrintable(value)) throw new FormatError('a control character');
      const bytes = encode(value);
      if (bytes === null) throw new FormatError(otherwise);
      return bytes;
    },
    decode: (bytes) => {
      if (bytes.length === 0) throw new FormatError('empty');
      const value = decode(bytes);
      if (value === null) throw new FormatError(otherwise);
      if (!isPrintable(value)) throw new FormatError('a control character');
      return value;
    },
  };
}

/** An unsigned number of fixed size, big-endian. */
export function unsigned(size: number): Format<number> {
  const most = 256 ** size - 1;
  return {
    encode: (value) => {
      if (!Number.isInteger(value) || value < 0 || value > most) throw new FormatError(`not a number 0 to ${most}`);
      const bytes = new Uint8Array(size);
      for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
      return bytes;
    },
    decode: (bytes) => {
      expectLength(bytes, size);
      return bytes.reduce((value, byte) => value * 256 + byte, 0);
    },
  };
}

/** An index, a rank, a code: one byte. */
export const BYTE: Format<number> = unsigned(1);

/** An amount in whole cents: four bytes, up to 42,949,672.95 €. */
export const CENTS: Format<number> = unsigned(4);

/** One byte, 00 no, 01 yes. */
export const FLAG: Format<boolean> = {
  encode: (value) => Uint8Array.of(value ? 1 : 0),
  decode: (bytes) => {
    expectLength(bytes, 1);
    if ((bytes[0] as number) > 1) throw new FormatError('neither 00 nor 01');
    return bytes[0] === 1;
  },
};

/** One byte, the position of a word in a list. */
export function oneOf<W extends string>(words: readonly W[]): Format<W> {
  return {
    encode: (word) => {
      const code = words.indexOf(word);
      if (code < 0) throw new FormatError(`none of ${words.join(', ')}`);
      return Uint8Array.of(code);
    },
    decode: (bytes) => {
      expectLength(bytes, 1);
      const word = words[bytes[0] as number];
      if (word === undefined) throw new FormatError(`code ${bytes[0]} is not known`);
      return word;
    },
  };
}

/** 15 ASCII characters: a NIR and its key. The key is not judged here: a card may hold a wrong one. */
export const KEYED_NIR: Format<KeyedNir> = {
  encode: ({ nir, key }) => NIR_AND_KEY.encode(nir + key),
  decode: (bytes) => {
    const both = NIR_AND_KEY.decode(bytes);
    return { nir: both.slice(0, 13), key: both.slice(13) };
  },
};

const NIR_AND_KEY: Format<string> = matching(
  /^[0-9]{5}(?:[0-9]{2}|2A|2B)[0-9]{8}$/,
  'not the 15 characters of a NIR and its key',
);

function expectLength(bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new FormatError(`${bytes.length} bytes instead of ${length}`);
}
