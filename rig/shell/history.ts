import { appendFileSync, chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { readInputText } from '../console/input-file.ts';
import { makeFolder, PRIVATE } from '../console/make-folder.ts';
import { Redactor } from '../trace/redaction.ts';
import { looksLikeHex, parseLine } from './script.ts';

/** Lines that are kept. */
const MOST_LINES = 1000;
/** Any command at all. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;
/** Digits of a file identifier. */
const IDENTIFIER_LENGTH = 4;
/** Digits alone are a code typed in the wrong place as likely as a command. */
const ONLY_DIGITS = /^[\d\s]{4,16}$/;

/**
 * Whether a line holds a code, a key or something personal, or may: a VERIFY with data, `verify 1234`, digits alone, and
 * what might have become one of these.
 */
export function keepsCode(line: string, redactor: Redactor = new Redactor()): boolean {
  const text = line.trim();
  if (text === '') return false;
  if (ONLY_DIGITS.test(text)) return true;
  try {
    const parsed = parseLine(text, NO_LIMIT);
    if (parsed === null) return true;
    if (parsed.kind === 'apdu') return redactor.command(parsed.apdu).length > 0;
    const [name, ...words] = parsed.words;
    const command = name?.toLowerCase();
    if (command === 'verify') return words.length > 0;
    if (command === 'macro') return (words[2] ?? '').split(';').some((each) => keepsCode(each, redactor));
    return words.some((word) => ONLY_DIGITS.test(word) && word.length !== IDENTIFIER_LENGTH);
  } catch {
    return isSuspect(text, redactor);
  }
}

/** Whether a line that is no valid command may hold a mistyped command with a code. */
function isSuspect(text: string, redactor: Redactor): boolean {
  if (!looksLikeHex(text)) return /\d{4}/.test(text);
  const digits = text.replace(/[^0-9A-Fa-f]/g, '');
  const bytes = Uint8Array.from(Buffer.from(digits.slice(0, digits.length & ~1), 'hex'));
  return bytes.length < 4 || redactor.command(bytes).length > 0;
}

/** The lines of a person's sessions, in a file that only this person reads. */
export class History {
  readonly #path: string;
  readonly #redactor: Redactor = new Redactor();
  #lines: string[];

  /** @param folder of the person's state @throws {HalError} `storage` {CannotRun} {Error} it cannot be read or made */
  constructor(folder: string) {
    makeFolder(folder, PRIVATE);
    this.#path = join(folder, 'shell-history');
    this.#lines = [];
    if (!existsSync(this.#path)) return;
    chmodSync(this.#path, 0o600);
    const lines = readInputText(this.#path, 'the history')
      .split('\n')
      .filter((line) => line !== '');
    this.#lines = lines.slice(-MOST_LINES);
    if (lines.length > 2 * MOST_LINES) replaceFile(this.#path, [Buffer.from(`${this.#lines.join('\n')}\n`)]);
  }

  /** Newest first, as readline wants them. */
  get newestFirst(): string[] {
    return [...this.#lines].reverse();
  }

  /** Keeps a line that was understood. @returns whether it was kept */
  add(line: string): boolean {
    const text = line.trim();
    if (text === '' || keepsCode(text, this.#redactor)) return false;
    if (this.#lines.at(-1) === text) return true;
    this.#lines.push(text);
    appendFileSync(this.#path, `${text}\n`, { mode: 0o600 });
    return true;
  }
}
