import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { isVerified, setVerified } from '../access/access-control.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { CODE_REFERENCE, compareStart, mayPresent, refusal } from './code-comparison.ts';

/** P1: the code in the data field, or verified before. */
const WITH_CODE = 0x00;
const VERIFIED = 0x01;

const PARAMETERS = [
  { p1: [WITH_CODE, WITH_CODE], ...CODE_REFERENCE, meaning: 'with the code' },
  { p1: [VERIFIED, VERIFIED], ...CODE_REFERENCE, meaning: 'without data, after the code was verified' },
] as const;

export const DISABLE_VERIFICATION_REQUIREMENT: CommandRow = {
  ins: INS.DISABLE_VERIFICATION_REQUIREMENT,
  name: 'DISABLE VERIFICATION REQUIREMENT',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.5.9',
  cases: [1, 3],
  parameters: PARAMETERS,
  chaining: true,
  lifeCycle: 'activated',
  security: 'presentation rule of the code; the code, here or verified before',
  cost: 'symmetric',
  execute: (context) => setRequirement(context, false),
};

export const ENABLE_VERIFICATION_REQUIREMENT: CommandRow = {
  ...DISABLE_VERIFICATION_REQUIREMENT,
  ins: INS.ENABLE_VERIFICATION_REQUIREMENT,
  name: 'ENABLE VERIFICATION REQUIREMENT',
  clause: '7.5.8',
  execute: (context) => setRequirement(context, true),
};

/**
 * ENABLE and DISABLE VERIFICATION REQUIREMENT: while it is disabled, rules that want the code are satisfied without.
 *
 * Errors: 6A88 no such code, 6985 its requirement cannot be disabled, 6A87 data where P1 says none or none where it
 * says some, 6982 presentation rule, or P1 01 without a verification, 6700, 63Cx and 6983 as by VERIFY.
 */
function setRequirement(context: CommandContext, required: boolean): number {
  const { command } = context;
  const pins = context.core.pins;
  const pin = pins.find(command.p2, context.channel.directory);
  if (pin === null) return SW.REFERENCED_DATA_NOT_FOUND;
  if (!pin.canBeDisabled) return SW.CONDITIONS_NOT_SATISFIED;
  if ((command.p1 === VERIFIED) !== (command.nc === 0)) return SW.NC_INCONSISTENT_WITH_P1_P2;
  if (command.p1 === WITH_CODE) {
    if (!mayPresent(context, pin)) return SW.SECURITY_STATUS_NOT_SATISFIED;
    if (!pins.acceptsLength(pin, command.nc)) return SW.WRONG_LENGTH;
    const matched = compareStart(context, pin, command.dataOffset, command.nc, command.nc);
    if (matched < 0) return refusal(context, pin, matched);
  } else if (!isVerified(pin, context)) {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }
  pins.setRequired(pin, required);
  // A requirement that has just been enabled must be met anew.
  if (required) setVerified(pin, context, false);
  return SW.OK;
}
