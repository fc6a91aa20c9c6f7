import { sizeRefusal } from '../../src/hal/apdu-size.ts';
import { CannotRun } from '../console/failure.ts';
import { shown } from '../console/shown.ts';

/** A line that is no command. The sentence says where in the line it is wrong, and repeats no code. */
export class ScriptError extends CannotRun {
  constructor(message: string) {
    super(message);
    this.name = 'ScriptError';
  }
}

/** A line of a script: an APDU, or a command of the shell in words. */
export type ScriptLine = {
  /** Four digits that the status word must have, X for any; null: any will do. */
  readonly expected: string | null;
} & (
  | { readonly kind: 'apdu'; readonly apdu: Uint8Array }
  | { readonly kind: 'words'; readonly words: readonly string[] }
);

/** Longer than any command: 65,544 bytes in hexadecimal with spaces between. */
const LONGEST_LINE = 200_000;
const MACRO = /^macro\s+define\s+(\S+)\s+(.*)$/i;
const EXPECTED = /(?:^|\s)=\s*(\S*)\s*$/;
const EXPECTED_AFTER_HEX = /=\s*([^=]*)$/;

/**
 * Reads one line: `00A4000C023F00=9000`, `select vitale =9000`, with a comment from `#` on.
 * @param longest bytes of a command that the reader carries
 * @returns null for an empty line or a comment
 * @throws {ScriptError}
 */
export function parseLine(text: string, longest: number): ScriptLine | null {
  if (text.length > LONGEST_LINE) throw new ScriptError(`a line of ${text.length} characters is no command`);
  const line = withoutComment(text).trim();
  if (line === '') return null;
  return looksLikeHex(line) ? parseApduLine(line, longest) : parseWords(line);
}

/** Whether a person who typed this meant an APDU, right or wrong: no command in words looks like that. */
export function looksLikeHex(line: string): boolean {
  const first = /^[^\s=]*/.exec(line)?.[0] ?? '';
  return /^\d/.test(first) || /^[0-9A-Fa-f]{2,}$/.test(first) || /^[A-Fa-f][0-9A-Fa-f]\S*\d/.test(first);
}

function parseApduLine(line: string, longest: number): ScriptLine {
  const stated = EXPECTED_AFTER_HEX.exec(line);
  const hex = stated === null ? line : line.slice(0, stated.index);
  const digits = hex.replace(/\s+/g, '');
  const wrong = /[^0-9A-Fa-f]/.exec(digits);
  if (wrong !== null) {
    const place = `character ${wrong.index + 1} of the command, "${shown(wrong[0])}", is no hexadecimal digit`;
    throw new ScriptError(`${place}: a command is written two digits a byte, as 00B2012400`);
  }
  if (digits.length % 2 !== 0) {
    throw new ScriptError(`an odd number of hexadecimal digits (${digits.length}): half a byte is missing`);
  }
  const apdu = Uint8Array.from(Buffer.from(digits, 'hex'));
  const refusal = sizeRefusal(apdu, longest, 'this reader');
  if (refusal !== null) throw new ScriptError(refusal.message);
  return { kind: 'apdu', apdu, expected: stated === null ? null : statusPattern(stated[1] as string) };
}

function parseWords(line: string): ScriptLine {
  // A macro's commands are one word, with all that stands in them.
  const [, name, commands] = MACRO.exec(line) ?? [];
  if (name !== undefined) return { kind: 'words', words: ['macro', 'define', name, commands ?? ''], expected: null };
  const stated = EXPECTED.exec(line);
  const words = wordsOf(stated === null ? line : line.slice(0, stated.index));
  if (words.length === 0) throw new ScriptError('a status word is stated, and no command before it');
  return { kind: 'words', words, expected: stated === null ? null : statusPattern(stated[1] as string) };
}

/** `61XX` @throws {ScriptError} */
function statusPattern(text: string): string {
  const pattern = text.trim().toUpperCase();
  if (!/^[0-9A-FX]{4}$/.test(pattern)) {
    throw new ScriptError('a status word after = has four hexadecimal digits, X for any: 9000, 61XX, 63CX');
  }
  return pattern;
}

export function fitsStatus(sw: number, pattern: string): boolean {
  const digits = sw.toString(16).toUpperCase().padStart(4, '0');
  return [...pattern].every((each, index) => each === 'X' || each === digits[index]);
}

/** Words apart by spaces; one with spaces in it stands between double quotes. @throws {ScriptError} */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [, quoted, plain] of text.matchAll(/"([^"]*)"|([^\s"]+)/g)) words.push(quoted ?? (plain as string));
  if ((text.match(/"/g) ?? []).length % 2 !== 0) throw new ScriptError('a quotation mark is not closed');
  return words;
}

/** From a `#` at the beginning or after a space, outside of quotation marks. */
function withoutComment(text: string): string {
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    else if (text[i] === '#' && !quoted && (i === 0 || /\s/.test(text[i - 1] as string))) return text.slice(0, i);
  }
  return text;
}
