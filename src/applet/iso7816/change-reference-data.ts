import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { isVerified } from '../access/access-control.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { openedAsPin } from '../secure-messaging/password-state.ts';
import { CODE_REFERENCE, compareStart, findCode, firstBlockLengths, mayPresent, refusal } from './code-comparison.ts';

/** P1: the old code and the new one, or the new one alone. */
const WITH_OLD = 0x00;
const NEW_ALONE = 0x01;

export const CHANGE_REFERENCE_DATA: CommandRow = {
  ins: INS.CHANGE_REFERENCE_DATA,
  name: 'CHANGE REFERENCE DATA',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.5.7',
  cases: [3],
  parameters: [
    { p1: [WITH_OLD, WITH_OLD], ...CODE_REFERENCE, meaning: 'old code and new code' },
    {
      p1: [NEW_ALONE, NEW_ALONE],
      ...CODE_REFERENCE,
      meaning: 'new code alone, after the old one was verified or opened the channel',
    },
  ],
  chaining: true,
  lifeCycle: 'activated',
  security: 'presentation rule of the code; the old code, here or verified before',
  cost: 'symmetric',
  execute: changeReferenceData,
};

/**
 * CHANGE REFERENCE DATA. The old code is compared as by VERIFY, for a try; a right one gives the tries back.
 *
 * Nothing marks the end of a code of variable length: the old one is whichever beginning of the data field matches.
 * Errors: 6A88 no such code, 6982 presentation rule, or P1 01 without a verification, 6700 no split of the data field
 * makes two codes, 63Cx wrong, 6983 blocked, 6A80 the new code is none (the old one was right and stays).
 */
function changeReferenceData(context: CommandContext): number {
  const { command } = context;
  const pins = context.core.pins;
  const pin = findCode(context);
  if (pin === null) return SW.REFERENCED_DATA_NOT_FOUND;
  // What opened the channel was presented in it, and not in clear.
  const opened = command.p1 === NEW_ALONE && openedAsPin(pin, context.secureChannel);
  if (!opened && !mayPresent(context, pin)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  let oldLength = 0;
  if (command.p1 === WITH_OLD) {
    const { least, most } = firstBlockLengths(pin, pin, command.nc);
    if (least > most) return SW.WRONG_LENGTH;
    oldLength = compareStart(context, pin, command.dataOffset, least, most);
    if (oldLength < 0) return refusal(context, pin, oldLength);
  } else if (!opened && !isVerified(pin, context)) {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  } else if (!pins.acceptsLength(pin, command.nc)) {
    return SW.WRONG_LENGTH;
  }
  const newLength = command.nc - oldLength;
  const newOffset = command.dataOffset + oldLength;
  if (!pins.acceptsNew(pin, command.bytes, newOffset, newLength)) return SW.WRONG_DATA;
  pins.store(pin, command.bytes, newOffset, newLength);
  return SW.OK;
}
