import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { isVerified, setVerified } from '../access/access-control.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import type { Pin } from '../pin/pin-store.ts';

/** P1 that takes a verification back, as PIV and OpenPGP cards have it. */
const FORGET = 0xff;

export const VERIFY: CommandRow = {
  ins: INS.VERIFY,
  name: 'VERIFY',
  standard: 'ISO/IEC 7816-4',
  cases: [1, 3],
  parameters: [
    { p1: [0x00, 0x00], p2: [0x00, 0x9f], p2Mask: 0x60, p2Value: 0x00, meaning: 'compare; no data: query' },
    { p1: [FORGET, FORGET], p2: [0x00, 0x9f], p2Mask: 0x60, p2Value: 0x00, meaning: 'forget; no data' },
  ],
  chaining: true,
  lifeCycle: 'activated',
  security: 'presentation rule of the code; the query is free',
  cost: 'symmetric',
  execute: verify,
};

/**
 * VERIFY. P2 names the code: 01 to 1F of the card, 81 to 9F of the application.
 *
 * Without data it asks: 9000 already verified, 63Cx tries left, 6983 blocked. With data it compares: 9000, or 63Cx
 * with the tries that are left; 6983 from then on when none is. Errors: 6A88 no such code, 6982 not to be presented
 * like this on this interface, 6700 not the length of the code (no try is spent), 6581 the try could not be stored.
 */
function verify(context: CommandContext): number {
  const { command, channel } = context;
  const pins = context.core.pins;
  const pin = pins.find(command.p2, channel.directory);
  if (pin === null) return SW.REFERENCED_DATA_NOT_FOUND;
  if (command.p1 === FORGET) {
    if (command.nc > 0) return SW.NC_INCONSISTENT_WITH_P1_P2;
    setVerified(pin, context, false);
    if (pin.unlocksHolder && context.face === 'wired') context.core.holder.lock();
    return SW.OK;
  }
  if (command.nc === 0) return query(context, pin);
  const condition = pins.accessCondition(pin, context.face);
  if (!context.core.access.permits(condition, pin.directory, context)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  if (!pins.acceptsLength(pin, command.nc)) return SW.WRONG_LENGTH;

  setVerified(pin, context, false);
  switch (pins.compare(pin, command.bytes, command.dataOffset, command.nc)) {
    case 'match':
      setVerified(pin, context, true);
      if (pin.unlocksHolder && context.face === 'wired') context.core.holder.open(pin.slot);
      return SW.OK;
    case 'mismatch':
      if (pin.unlocksHolder && context.face === 'wired') context.core.holder.lock();
      return SW.COUNTER | pins.triesLeft(pin);
    case 'blocked':
      if (pin.unlocksHolder && context.face === 'wired') context.core.holder.lock();
      return SW.METHOD_BLOCKED;
  }
}

function query(context: CommandContext, pin: Pin): number {
  if (isVerified(pin, context)) return SW.OK;
  const left = context.core.pins.triesLeft(pin);
  return left === 0 ? SW.METHOD_BLOCKED : SW.COUNTER | left;
}
