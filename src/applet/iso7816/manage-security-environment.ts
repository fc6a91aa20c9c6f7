import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import {
  type AuthenticationTemplate,
  readAuthenticationTemplate,
  SET_AT_CHIP_AUTHENTICATION,
  SET_AT_PACE,
  SET_AT_TERMINAL_AUTHENTICATION,
  SET_DST_VERIFICATION,
  singleByte,
} from '../../secure-channel/index.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow, Parameters } from '../command-row.ts';
import { KEY_USE } from '../image/layout.ts';
import { commandData } from './key-reference.ts';

/** Set for computation, digital signature template. */
const SET_DST_COMPUTATION = 0x41b6;

function setting(p1p2: number, meaning: string): Parameters {
  return { p1: [p1p2 >> 8, p1p2 >> 8], p2: [p1p2 & 0xff, p1p2 & 0xff], meaning };
}

export const MANAGE_SECURITY_ENVIRONMENT: CommandRow = {
  ins: INS.MANAGE_SECURITY_ENVIRONMENT,
  name: 'MANAGE SECURITY ENVIRONMENT',
  standard: 'ISO/IEC 7816-4',
  // Some clients append an Le; no answer has data.
  cases: [1, 2, 3, 4],
  parameters: [
    {
      p1: [SET_AT_PACE >> 8, SET_AT_PACE >> 8],
      p2: [SET_AT_PACE & 0xff, SET_AT_PACE & 0xff],
      meaning: 'PACE: protocol and password; no data: leave the secure channel',
    },
    setting(SET_DST_VERIFICATION, 'name of the key that verifies the next certificate'),
    setting(
      SET_AT_TERMINAL_AUTHENTICATION,
      'terminal authentication: protocol, name of the terminal, its ephemeral key',
    ),
    setting(SET_AT_CHIP_AUTHENTICATION, "chip authentication: protocol and number of the card's key"),
    setting(SET_DST_COMPUTATION, 'number of the key for signatures'),
  ],
  chaining: true,
  lifeCycle: 'any',
  security: 'none',
  cost: 'symmetric',
  execute: manageSecurityEnvironment,
};

/**
 * MANAGE SECURITY ENVIRONMENT: Set. Errors: 6A80 objects malformed, doubled or unknown; those of the protocol; 6A88 no such
 * key for signatures.
 */
function manageSecurityEnvironment(context: CommandContext): number {
  const { command, extendedAccess } = context;
  const template = readAuthenticationTemplate(commandData(command));
  if (template === null) return SW.WRONG_DATA;
  switch ((command.p1 << 8) | command.p2) {
    case SET_DST_VERIFICATION:
      return extendedAccess.selectKey(context, template);
    case SET_AT_TERMINAL_AUTHENTICATION:
      return extendedAccess.setTerminal(context, template);
    case SET_AT_CHIP_AUTHENTICATION:
      context.pace?.reset();
      return extendedAccess.selectChipKey(context, template);
    case SET_DST_COMPUTATION:
      return setSignatureKey(context, template);
    default:
      extendedAccess.reset();
      return setPace(context, template);
  }
}

function setSignatureKey(context: CommandContext, { privateKeyReference }: AuthenticationTemplate): number {
  const { channel, core } = context;
  const reference = singleByte(privateKeyReference);
  if (reference === null) return SW.WRONG_DATA;
  if (core.keys.find(reference, channel.directory, KEY_USE.SIGNATURE) === null) return SW.REFERENCED_DATA_NOT_FOUND;
  channel.signatureKey = reference;
  return SW.OK;
}

/** Without data it leaves the channel: a command in clear has done so already. */
function setPace(context: CommandContext, template: AuthenticationTemplate): number {
  if (context.command.nc === 0) {
    context.pace?.reset();
    context.secureChannel.endAfterAnswer();
    return SW.OK;
  }
  // A card without passwords offers no protocol.
  return context.pace === null ? SW.WRONG_DATA : context.pace.start(context, template);
}
