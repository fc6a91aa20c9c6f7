import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { readAuthenticationTemplate, SET_AT_PACE } from '../../secure-channel/index.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';

export const MANAGE_SECURITY_ENVIRONMENT: CommandRow = {
  ins: INS.MANAGE_SECURITY_ENVIRONMENT,
  name: 'MANAGE SECURITY ENVIRONMENT',
  standard: 'ISO/IEC 7816-4:2005; BSI TR-03110-3',
  // Some clients append an Le; no answer has data.
  cases: [1, 2, 3, 4],
  parameters: [
    {
      p1: [SET_AT_PACE >> 8, SET_AT_PACE >> 8],
      p2: [SET_AT_PACE & 0xff, SET_AT_PACE & 0xff],
      meaning: 'PACE: protocol and password; no data: leave the secure channel',
    },
  ],
  chaining: true,
  lifeCycle: 'any',
  security: 'none',
  cost: 'symmetric',
  execute: manageSecurityEnvironment,
};

/** MANAGE SECURITY ENVIRONMENT: Set. Errors: 6A80 objects malformed, doubled or unknown; and those of the protocol. */
function manageSecurityEnvironment(context: CommandContext): number {
  const { command } = context;
  const template = readAuthenticationTemplate(
    command.bytes.subarray(command.dataOffset, command.dataOffset + command.nc),
  );
  if (template === null) return SW.WRONG_DATA;
  return setPace(context, template);
}

/** Without data it leaves the channel: a command in clear has done so already. */
function setPace(
  context: CommandContext,
  template: NonNullable<ReturnType<typeof readAuthenticationTemplate>>,
): number {
  if (context.command.nc === 0) {
    context.pace?.reset();
    context.secureChannel.endAfterAnswer();
    return SW.OK;
  }
  // A card without passwords offers no protocol.
  return context.pace === null ? SW.WRONG_DATA : context.pace.start(context, template);
}
