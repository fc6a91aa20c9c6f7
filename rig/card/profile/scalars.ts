import { z } from 'zod';
import { isCalendarDate, parseEuros } from '../../../src/applet/vitale/index.ts';
import { counted } from '../../report/words.ts';

/** Text read by `read`, which returns undefined when it is not what `otherwise` says it must be. */
function parsed<T>(read: (text: string) => T | undefined, otherwise: (text: string) => string): z.ZodType<T> {
  return z.string().transform((text, context) => {
    const value = read(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: otherwise(text), input: text });
    return z.NEVER;
  });
}

const quoted = (text: string): string => (text.length > 40 ? `\`${text.slice(0, 40)}…\`` : `\`${text}\``);

/** A whole decimal number. */
export function integer(least: number, most: number): z.ZodType<number> {
  return parsed(
    (text) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
    (text) => `${quoted(text)} is not ${least === most ? least : `a whole number from ${least} to ${most}`}`,
  );
}

/** Hexadecimal digits as one number. */
function hexNumber(length: number, least: number, most: number, what: string): z.ZodType<number> {
  return parsed(
    (text) => {
      const value = new RegExp(`^[0-9A-Fa-f]{${length}}$`).test(text) ? Number.parseInt(text, 16) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
    (text) => `${quoted(text)} is not ${what}`,
  );
}

/** A file identifier. 0000, 3F00 (the MF's own), 3FFF and FFFF are not for files. */
export const fid: z.ZodType<number> = hexNumber(4, 0, 0xffff, 'a file identifier of 4 hexadecimal digits').refine(
  (value) => ![0x0000, 0x3f00, 0x3fff, 0xffff].includes(value),
  { error: 'is a reserved file identifier: 0000, 3F00, 3FFF and FFFF are' },
);

export const sfi: z.ZodType<number> = hexNumber(2, 1, 30, 'a short EF identifier, two hexadecimal digits 01 to 1E');

/** Any byte, two hexadecimal digits. */
export const byte: z.ZodType<number> = hexNumber(2, 0, 0xff, 'a byte of two hexadecimal digits');

/** A BER tag in its one form: of the length that its own bytes say, with a number that needs it. */
export const tag: z.ZodType<number> = parsed(
  (text) => (tagProblem(text) === null ? Number.parseInt(text, 16) : undefined),
  (text) => `${quoted(text)} is not ${tagProblem(text)}`,
);

function tagProblem(text: string): string | null {
  if (!/^(?:[0-9A-Fa-f]{2}){1,3}$/.test(text)) return 'a tag of 2, 4 or 6 hexadecimal digits';
  const [first = 0, ...more] = (text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  if (first === 0) return 'a tag: none begins with 00';
  if ((first & 0x1f) !== 0x1f) return more.length === 0 ? null : `a tag: ${text.slice(0, 2)} is one by itself`;
  const last = more.findIndex((byte) => byte < 0x80);
  if (last < 0) return 'a whole tag: its last byte says that one more follows';
  if (last < more.length - 1) return `a tag: it ends with ${text.slice(0, 2 * (last + 2))}`;
  const number = more.reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  if (number < 31 || more[0] === 0x80) return `a tag: number ${number} has a shorter form`;
  return null;
}

/** Bytes in hexadecimal, spaces allowed. */
export function bytes(least: number, most: number): z.ZodType<Uint8Array> {
  return parsed(
    (text) => {
      const hex = text.replace(/\s/g, '');
      if (!/^(?:[0-9A-Fa-f]{2})*$/.test(hex) || hex.length < 2 * least || hex.length > 2 * most) return undefined;
      return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    },
    (text) => {
      const length = text.replace(/\s/g, '').length / 2;
      const size = least === most ? `${least}` : `${least} to ${most}`;
      if (!/^[0-9A-Fa-f\s]*$/.test(text) || !Number.isInteger(length))
        return `${quoted(text)} is not hexadecimal bytes`;
      return `${counted(length, 'byte')}, ${size} needed`;
    },
  );
}

export const yesNo: z.ZodType<boolean> = parsed(
  (text) => (text === 'yes' ? true : text === 'no' ? false : undefined),
  (text) => `${quoted(text)} is neither yes nor no`,
);

/** A day of the calendar, AAAAMMJJ. */
export const date: z.ZodType<string> = parsed(
  (text) => (isCalendarDate(text) ? text : undefined),
  (text) => `${quoted(text)} is not a day of the calendar written AAAAMMJJ`,
);

/** 8 digits AAAAMMJJ; month and day are not judged. */
export const birthDate: z.ZodType<string> = parsed(
  (text) => (/^\d{8}$/.test(text) ? text : undefined),
  (text) =>
    /^\d*$/.test(text)
      ? `a birth date has 8 digits AAAAMMJJ, this one has ${text.length}`
      : `${quoted(text)} is not 8 digits AAAAMMJJ`,
);

/** A fixed number of digits, kept as text. */
export function digits(length: number): z.ZodType<string> {
  return parsed(
    (text) => (new RegExp(`^\\d{${length}}$`).test(text) ? text : undefined),
    (text) => `${quoted(text)} is not ${length} digits`,
  );
}

/** Euros with two decimals, in cents. */
export const euros: z.ZodType<number> = parsed(
  (text) => parseEuros(text) ?? undefined,
  (text) => `${quoted(text)} is not an amount in euros with two decimals, as 26.50`,
);

/** Text for people, composed (NFC). */
export const text: z.ZodType<string> = parsed(
  (value) => (value.trim() === '' ? undefined : value.normalize('NFC')),
  () => 'is empty',
);

/** Characters that fit a pattern. A secret is not repeated in the error. */
export function matching(
  pattern: RegExp,
  what: string,
  { secret = false }: { secret?: boolean } = {},
): z.ZodType<string> {
  return parsed(
    (value) => (pattern.test(value) ? value : undefined),
    (value) => `${secret ? 'what is written here' : quoted(value)} is not ${what}`,
  );
}
