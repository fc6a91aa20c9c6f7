import { INS } from '../../apdu/instruction.ts';
import { SW, wrongLe } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';

export const GET_RESPONSE: CommandRow = {
  ins: INS.GET_RESPONSE,
  name: 'GET RESPONSE',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.6.1',
  cases: [2],
  parameters: [{ p1: [0x00, 0x00], p2: [0x00, 0x00], meaning: 'what the last command left' }],
  chaining: false,
  lifeCycle: 'any',
  security: 'that of the command that left the data',
  cost: 'ram',
  execute: getResponse,
};

/**
 * GET RESPONSE. Gives up to Ne bytes, with 61xx while more remain. Errors: 6985 nothing is kept for this channel; 6982
 * it was given because of the holder's window, which has closed; over T=0 6Cxx when more is asked than there is.
 */
function getResponse(context: CommandContext): number {
  const { command, response } = context;
  if (response.rest === 0 || context.restChannel !== context.channel.number) return SW.CONDITIONS_NOT_SATISFIED;
  if (context.restByHolder >= 0 && !context.core.holder.admits(context.restByHolder, context.presentation)) {
    response.wipe();
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }
  if (response.rules.protocol === 'T=0' && command.ne > response.rest) return wrongLe(response.rest);
  return response.resume();
}
