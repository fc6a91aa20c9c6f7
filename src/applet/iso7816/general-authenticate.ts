import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { commandData } from './key-reference.ts';

export const GENERAL_AUTHENTICATE: CommandRow = {
  ins: INS.GENERAL_AUTHENTICATE,
  name: 'GENERAL AUTHENTICATE',
  standard: 'ISO/IEC 7816-4',
  cases: [3, 4],
  parameters: [{ p1: [0x00, 0x00], p2: [0x00, 0x00], meaning: 'one step of the protocol that MSE:Set AT chose' }],
  chaining: true,
  stepwise: true,
  lifeCycle: 'any',
  security: 'state of the password',
  cost: 'asymmetric',
  execute: generalAuthenticate,
};

/** GENERAL AUTHENTICATE. Errors: 6985 no protocol runs on this logical channel, and those of the protocol. */
function generalAuthenticate(context: CommandContext): number {
  if (context.extendedAccess.awaitsKey && context.secureChannel.isProtected) {
    return context.extendedAccess.agree(context, commandData(context.command));
  }
  return context.pace === null ? SW.CONDITIONS_NOT_SATISFIED : context.pace.step(context);
}
