import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { isVerified, setVerified } from '../access/access-control.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import type { Pin } from '../pin/pin-store.ts';
import { openedAsPin, openedWith } from '../secure-messaging/password-state.ts';
import { CODE_REFERENCE, compareStart, findCode, firstBlockLengths, mayPresent, refusal } from './code-comparison.ts';

/** P1: what the data field holds. */
const BOTH = 0x00;
const RESETTING_CODE = 0x01;
const NEW_CODE = 0x02;
const NOTHING = 0x03;

export const RESET_RETRY_COUNTER: CommandRow = {
  ins: INS.RESET_RETRY_COUNTER,
  name: 'RESET RETRY COUNTER',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.5.10',
  cases: [1, 3],
  parameters: [
    { p1: [BOTH, BOTH], ...CODE_REFERENCE, meaning: 'resetting code and new code' },
    { p1: [RESETTING_CODE, RESETTING_CODE], ...CODE_REFERENCE, meaning: 'resetting code alone' },
    { p1: [NEW_CODE, NEW_CODE], ...CODE_REFERENCE, meaning: 'new code alone, after the resetting code was verified' },
    { p1: [NOTHING, NOTHING], ...CODE_REFERENCE, meaning: 'nothing, after the resetting code was verified' },
  ],
  chaining: true,
  lifeCycle: 'activated',
  security: 'presentation rule of the resetting code; the resetting code, here or verified before',
  cost: 'symmetric',
  execute: resetRetryCounter,
};

/**
 * RESET RETRY COUNTER of the code in P2, by the code that the card names as its resetting code (PUK). All tries come
 * back; the code itself is not verified by this. A channel that a password opened counts as its presentation: the PIN's
 * own for a new PIN, the PUK's for its tries.
 *
 * Errors: 6A88 no such code, 6985 it has no resetting code, 6982 presentation rule, or P1 02 and 03 without a
 * verification, 6A87 data where P1 says none or none where it says some, 6700 lengths, 63Cx and 6983 of the resetting
 * code, 6A80 the new code is none.
 */
function resetRetryCounter(context: CommandContext): number {
  const { command } = context;
  const pins = context.core.pins;
  const pin = findCode(context);
  if (pin === null) return SW.REFERENCED_DATA_NOT_FOUND;
  const { p1, nc } = command;
  if (p1 === NEW_CODE && openedAsPin(pin, context.secureChannel)) {
    if (nc === 0) return SW.NC_INCONSISTENT_WITH_P1_P2;
    return storeNew(context, pin, 0);
  }
  const resetting = pins.unblockingCode(pin);
  if (resetting === null) return SW.CONDITIONS_NOT_SATISFIED;
  if ((p1 === NOTHING) !== (nc === 0)) return SW.NC_INCONSISTENT_WITH_P1_P2;
  let presented = 0;
  if (p1 === BOTH || p1 === RESETTING_CODE) {
    if (!mayPresent(context, resetting)) return SW.SECURITY_STATUS_NOT_SATISFIED;
    const lengths = p1 === BOTH ? firstBlockLengths(resetting, pin, nc) : { least: nc, most: nc };
    if (lengths.least > lengths.most) return SW.WRONG_LENGTH;
    if (p1 === RESETTING_CODE && !pins.acceptsLength(resetting, nc)) return SW.WRONG_LENGTH;
    presented = compareStart(context, resetting, command.dataOffset, lengths.least, lengths.most);
    if (presented < 0) return refusal(context, resetting, presented);
  } else if (!isVerified(resetting, context) && !(p1 === NOTHING && openedWith(resetting, context.secureChannel))) {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }
  if (p1 === BOTH || p1 === NEW_CODE) return storeNew(context, pin, presented);
  return giveTriesBack(context, pin);
}

/** Makes what follows `presented` bytes of the data field the code. */
function storeNew(context: CommandContext, pin: Pin, presented: number): number {
  const { command } = context;
  const pins = context.core.pins;
  const offset = command.dataOffset + presented;
  const length = command.nc - presented;
  if (!pins.acceptsLength(pin, length)) return SW.WRONG_LENGTH;
  if (!pins.acceptsNew(pin, command.bytes, offset, length)) return SW.WRONG_DATA;
  pins.store(pin, command.bytes, offset, length);
  return giveTriesBack(context, pin);
}

function giveTriesBack(context: CommandContext, pin: Pin): number {
  setVerified(pin, context, false);
  context.core.pins.restoreTries(pin);
  return SW.OK;
}
