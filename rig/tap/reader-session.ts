import { SW } from '../../src/apdu/status-word.ts';
import type { CardSession } from '../../src/hal/reader.ts';
import { type UnlockOutcome, unlockInWords, unlockThere } from '../card/phone-screen.ts';
import { CannotRun } from '../console/failure.ts';
import type { OpenedReader } from '../endpoint/open-reader.ts';
import type { CodeOutcome } from './reading.ts';

/**
 * On a contactless reader the code is typed on the phone: that of a card in process is here, that of a card on a board is
 * reached through the board.
 * @returns null: this code is presented through the reader
 * @throws {CannotRun} the code has another length; {HalError}
 */
export async function unlockOnPhone(
  source: OpenedReader,
  code: Uint8Array,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<CodeOutcome | null> {
  const screen = (await source.screen?.(options)) ?? null;
  if (screen === null) return null;
  const unlock = await unlockThere(screen, code);
  if (unlock.outcome === 'refused' && unlock.sw === SW.WRONG_LENGTH) throw new CannotRun(unlockInWords(unlock));
  return asCodeOutcome(unlock);
}

function asCodeOutcome(unlock: UnlockOutcome): CodeOutcome {
  switch (unlock.outcome) {
    case 'unlocked':
      return { outcome: 'unlocked-by-holder' };
    case 'wrong':
      return { outcome: 'wrong', triesLeft: unlock.triesLeft };
    case 'blocked':
      return { outcome: 'blocked' };
    default:
      return { outcome: 'not-given' };
  }
}

/** The reader and the card in it, for a person. */
export function describeReader(source: OpenedReader, session: CardSession): string {
  if (source.own === null) return session.reader;
  return `in process, ${source.own.cardInterface} (${source.own.opened.description})`;
}

/** This day where the program runs, AAAAMMJJ. */
export function today(): string {
  const now = new Date();
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
}
