import { answer, type Expected } from './answer.ts';
import type { CodeModel } from './code-model.ts';
import { CODES, type CodePlan, type PasswordId } from './plan.ts';
import type { Command } from './step.ts';

/** The secure channel of one interface. */
export interface Session {
  /** Logical channel that made it. */
  readonly owner: number;
  readonly password: PasswordId;
}

/** How far a PACE came. */
export interface PaceOutcome {
  readonly expected: Expected;
  /** It is open. */
  readonly opened: boolean;
}

/** Commands of a whole PACE. */
const WHOLE = 5;

/**
 * PACE as a terminal sees it that goes on where the card lets it.
 * @param byCan the commands come through a channel that the CAN opened
 */
export function pace(command: Extract<Command, { is: 'pace' }>, codes: CodeModel, byCan: boolean): PaceOutcome {
  const over = (sw: number): PaceOutcome => ({ expected: answer(sw), opened: false });
  const code = CODES.find(({ password }) => password === command.password) as CodePlan;
  const left = codes.triesLeft(code);
  const stop = command.stop ?? WHOLE;
  const counted = code.password !== 'CAN';
  // The tries of a PIN are told; of a PUK only that there are none.
  const told = counted && (left === 0 || (code.password === 'PIN' && left < code.tries)) ? 0x63c0 | left : 0x9000;
  if (stop === 1 || told === 0x63c0) return over(told);
  if (code.password === 'PIN' && left === 1 && !byCan) return over(0x6985);
  if (stop < WHOLE) return { expected: answer(0x9000), opened: false };
  if (command.value !== codes.value(code)) {
    if (counted) codes.setTries(code, left - 1);
    return over(0x6300);
  }
  if (code.password === 'PIN') codes.setTries(code, code.tries);
  return { expected: answer(0x9000), opened: true };
}
