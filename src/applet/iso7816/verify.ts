import { TlvReader } from '../../apdu/ber-tlv-reader.ts';
import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { isVerified, setVerified } from '../access/access-control.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import type { Pin } from '../pin/pin-store.ts';
import { CODE_REFERENCE, compareStart, isTypedOnPhone, mayPresent, refusal } from './code-comparison.ts';

/** P1 that takes a verification back, as PIV and OpenPGP cards have it. */
const FORGET = 0xff;
/** Verification data object of the odd instruction. */
const VERIFICATION_DATA = 0x5f2e;

export const VERIFY: CommandRow = {
  ins: INS.VERIFY,
  name: 'VERIFY',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.5.6',
  // Many clients append an Le, and ask without data with one; no answer has data.
  cases: [1, 2, 3, 4],
  parameters: [
    { p1: [0x00, 0x00], ...CODE_REFERENCE, meaning: 'compare; no data: query' },
    { p1: [FORGET, FORGET], ...CODE_REFERENCE, meaning: 'forget; no data' },
  ],
  chaining: true,
  lifeCycle: 'activated',
  security: 'presentation rule of the code; the query is free',
  cost: 'symmetric',
  execute: verify,
};

export const VERIFY_ODD: CommandRow = {
  ...VERIFY,
  ins: INS.VERIFY_ODD,
  name: 'VERIFY (odd INS)',
  cases: [3, 4],
  parameters: [{ p1: [0x00, 0x00], ...CODE_REFERENCE, meaning: 'compare the value of data object 5F2E; empty: query' }],
  execute: verifyObject,
};

/**
 * VERIFY. P2 names the code: 01 to 1F of the card, 81 to 9F of the application.
 *
 * An Le changes nothing. Without data it asks: 9000 verified already or not required, 63Cx tries left, 6983 blocked. With data it compares:
 * 9000, or 63Cx with the tries that are left; 6983 from then on when none is. Errors: 6A88 no such code, 6982 not to
 * be presented like this on this interface, 6700 not the length of the code (no try is spent), 6581 the try could not
 * be stored.
 */
function verify(context: CommandContext): number {
  const { command } = context;
  const pin = context.core.pins.find(command.p2, context.channel.directory);
  if (pin === null) return SW.REFERENCED_DATA_NOT_FOUND;
  if (command.p1 === FORGET) {
    if (command.nc > 0) return SW.NC_INCONSISTENT_WITH_P1_P2;
    setVerified(pin, context, false);
    if (isTypedOnPhone(context, pin)) context.core.holder.lock();
    return SW.OK;
  }
  return command.nc === 0 ? query(context, pin) : compare(context, pin, command.dataOffset, command.nc);
}

/** VERIFY with an odd instruction: the data field is one data object 5F2E. 6A80 anything else. */
function verifyObject(context: CommandContext): number {
  const { command } = context;
  const pin = context.core.pins.find(command.p2, context.channel.directory);
  if (pin === null) return SW.REFERENCED_DATA_NOT_FOUND;
  const object = readObject(context);
  if (object === null) return SW.WRONG_DATA;
  return object.valueLength === 0 ? query(context, pin) : compare(context, pin, object.valueOffset, object.valueLength);
}

function readObject({ command }: CommandContext): TlvReader | null {
  try {
    const reader = new TlvReader(command.bytes, command.dataOffset, command.nc);
    if (!reader.next() || reader.tag !== VERIFICATION_DATA) return null;
    return reader.valueOffset + reader.valueLength === command.dataOffset + command.nc ? reader : null;
  } catch {
    return null;
  }
}

function compare(context: CommandContext, pin: Pin, offset: number, length: number): number {
  const pins = context.core.pins;
  if (!mayPresent(context, pin)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  if (!pins.acceptsLength(pin, length)) return SW.WRONG_LENGTH;
  const matched = compareStart(context, pin, offset, length, length);
  if (matched < 0) return refusal(context, pin, matched);
  setVerified(pin, context, true);
  if (isTypedOnPhone(context, pin)) context.core.holder.open(pin.slot);
  return SW.OK;
}

function query(context: CommandContext, pin: Pin): number {
  const pins = context.core.pins;
  if (isVerified(pin, context) || !pins.isRequired(pin)) return SW.OK;
  const left = pins.triesLeft(pin);
  return left === 0 ? SW.METHOD_BLOCKED : SW.COUNTER | left;
}
