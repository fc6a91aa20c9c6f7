import { CannotRun, UsageError } from './failure.ts';
import type { CommandIo } from './io.ts';

/**
 * Goes on where the person agrees to what cannot be undone: with `--yes`, or by typing yes on the terminal.
 * @param what is done, after `this`: `ends the card of this phone for ever`
 * @throws {UsageError} no terminal to ask on; {CannotRun} another answer; {HalError} `aborted` on Ctrl-C
 */
export async function confirmed(what: string, yes: boolean, io: CommandIo): Promise<void> {
  if (yes) return;
  if (!io.stdinIsTty) throw new UsageError(`this ${what}, and there is no terminal here to ask on: --yes says so`);
  const answer = await io.askHidden(`This ${what}. Type yes to go on (it is not shown): `);
  if (answer.trim().toLowerCase() !== 'yes') throw new CannotRun('the answer was not yes: nothing was done');
}
