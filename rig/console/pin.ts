import { closeSync, openSync, readSync } from 'node:fs';
import { CannotRun, UsageError } from './failure.ts';
import type { CommandIo } from './io.ts';
import { warnOfSharedCode } from './private-key-file.ts';

/** Where a code may come from; readPin of pin.ts turns it into one. */
export interface PinChoice {
  readonly file: string | null;
  /** Ask on the terminal. */
  readonly ask: boolean;
}

/** More digits than any card's code has: ISO 9564 allows 12. */
const MOST_DIGITS = 12;
/** Far more than a line with a code; keeps a wrong file (a disk image, say) from being read whole into a sentence. */
const LARGEST_PIN_FILE = 4096;

/** A code by the names of its sources. */
export interface CodeSource extends PinChoice {
  /** The option that asks on the terminal, and the one that names a file: for sentences. */
  readonly option: string;
  readonly fileOption: string;
  /** The environment variable. */
  readonly variable: string;
  /** What is asked: `Code: `. */
  readonly question: string;
}

/**
 * The code to present, from `--pin-file`, from the prompt that `--pin` asks for, or else from VITAP_PIN.
 *
 * The code is never part of an error. The caller may overwrite the returned bytes when it is done with them.
 * @returns ASCII digits, or null when no code was given: nobody is asked who did not ask for it
 * @throws {CannotRun} the file cannot be read, there is no terminal to ask on, or what was given is no code
 */
export async function readPin(choice: PinChoice, io: CommandIo): Promise<Uint8Array | null> {
  const source = { option: '--pin', fileOption: '--pin-file', variable: 'VITAP_PIN', question: 'Code: ' };
  const line = await readSecretLine({ ...choice, ...source }, io);
  return line === null ? null : checkDigits(line);
}

/** A line that a person keeps to itself, and where it came from. */
export interface SecretLine {
  readonly text: string;
  readonly where: string;
}

/**
 * The first line of the file, what is typed, or the variable; null when none was given. A file that others may read is
 * said on standard error.
 * @throws {CannotRun}
 */
export async function readSecretLine(source: CodeSource, io: CommandIo): Promise<SecretLine | null> {
  const { file, ask, option, fileOption, variable, question } = source;
  if (file !== null) {
    warnOfSharedCode(file, io);
    return { text: firstLine(file), where: `the first line of ${file}` };
  }
  if (ask) {
    if (!io.stdinIsTty) {
      throw new UsageError(
        `${option} asks on a terminal and there is none here; use ${fileOption} FILE or ${variable}`,
      );
    }
    return { text: await io.askHidden(question), where: 'what was typed' };
  }
  const fromEnvironment = io.env[variable];
  if (fromEnvironment === undefined || fromEnvironment === '') return null;
  return { text: fromEnvironment, where: variable };
}

function firstLine(path: string): string {
  const bytes = Buffer.alloc(LARGEST_PIN_FILE);
  const file = openSync(path, 'r');
  let length: number;
  try {
    length = readSync(file, bytes, 0, bytes.length, null);
  } catch (error) {
    throw Object.assign(error as Error, { path });
  } finally {
    closeSync(file);
  }
  const text = bytes.toString('latin1', 0, length);
  bytes.fill(0);
  return text.split(/\r?\n/, 1)[0] ?? '';
}

/** The line as ASCII digits. The sentence says what is wrong and never what was there. @throws {CannotRun} */
export function checkDigits({ text, where }: SecretLine): Uint8Array {
  if (text.length === 0) throw new CannotRun(`${where} is empty where a code was expected`);
  if (!/^[0-9]+$/.test(text))
    throw new CannotRun(`${where} holds something else than digits where a code was expected`);
  if (text.length > MOST_DIGITS) throw new CannotRun(`${where} is longer than a code can be (${MOST_DIGITS} digits)`);
  return Uint8Array.from(text, (digit) => digit.charCodeAt(0));
}
