import { closeSync, openSync, readSync } from 'node:fs';
import { CannotRun, UsageError } from './failure.ts';
import type { CommandIo } from './io.ts';

/** Where a code may come from; readPin of pin.ts turns it into one. */
export interface PinChoice {
  readonly file: string | null;
  /** Ask on the terminal. */
  readonly ask: boolean;
}

/** The environment variable that a code may come from. */
const PIN_VARIABLE = 'VITAP_PIN';
/** More digits than any card's code has: ISO 9564 allows 12. */
const MOST_DIGITS = 12;
/** Far more than a line with a code; keeps a wrong file (a disk image, say) from being read whole into a sentence. */
const LARGEST_PIN_FILE = 4096;

/**
 * The code to present, from `--pin-file`, from the prompt that `--pin` asks for, or else from VITAP_PIN.
 *
 * The code is never part of an error. The caller may overwrite the returned bytes when it is done with them.
 * @returns ASCII digits, or null when no code was given: nobody is asked who did not ask for it
 * @throws {CannotRun} the file cannot be read, there is no terminal to ask on, or what was given is no code
 */
export async function readPin(choice: PinChoice, io: CommandIo): Promise<Uint8Array | null> {
  if (choice.file !== null) return checkPin(firstLine(choice.file), `the first line of ${choice.file}`);
  if (choice.ask) {
    if (!io.stdinIsTty) {
      throw new UsageError(`--pin asks on a terminal and there is none here; use --pin-file FILE or ${PIN_VARIABLE}`);
    }
    return checkPin(await io.askHidden('Code: '), 'what was typed');
  }
  const fromEnvironment = io.env[PIN_VARIABLE];
  if (fromEnvironment === undefined || fromEnvironment === '') return null;
  return checkPin(fromEnvironment, PIN_VARIABLE);
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

/** The sentence says what is wrong and never what was there. */
function checkPin(text: string, where: string): Uint8Array {
  if (text.length === 0) throw new CannotRun(`${where} is empty where a code was expected`);
  if (!/^[0-9]+$/.test(text))
    throw new CannotRun(`${where} holds something else than digits where a code was expected`);
  if (text.length > MOST_DIGITS) throw new CannotRun(`${where} is longer than a code can be (${MOST_DIGITS} digits)`);
  return Uint8Array.from(text, (digit) => digit.charCodeAt(0));
}
