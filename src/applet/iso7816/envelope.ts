import { isChained, isInterindustry, usesSecureMessaging } from '../../apdu/class-byte.ts';
import { copyBytes } from '../../apdu/copy-bytes.ts';
import { INS } from '../../apdu/instruction.ts';
import { carriesData } from '../../apdu/response.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';

export const ENVELOPE: CommandRow = {
  ins: INS.ENVELOPE,
  name: 'ENVELOPE',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.6.2',
  cases: [3, 4],
  parameters: [{ p1: [0x00, 0x00], p2: [0x00, 0x00], meaning: 'a command APDU; in parts by chaining' }],
  chaining: true,
  lifeCycle: 'any',
  security: 'that of the command inside',
  cost: 'asymmetric',
  execute: envelope,
};

/**
 * ENVELOPE: carries a command APDU that the transmission could not carry otherwise, and answers 9000 with its
 * response APDU, status word included.
 *
 * Errors: 6A80 an ENVELOPE or GET RESPONSE inside, a command that is itself part of a chain, or a protected command
 * inside of a protected one; 6700 no Le to take the answer.
 */
function envelope(context: CommandContext): number {
  const { command, response, secureChannel } = context;
  const { ne, extended, nc } = command;
  if (ne === 0) return SW.WRONG_LENGTH;
  const inner = copyBytes(command.bytes, command.dataOffset, command.dataOffset + nc);
  const cla = inner[0] as number;
  const ins = inner[1];
  if (ins === INS.ENVELOPE || ins === INS.GET_RESPONSE || isChained(cla)) return SW.WRONG_DATA;
  const around = secureChannel.answering;
  if (around !== null && isInterindustry(cla) && usesSecureMessaging(cla)) return SW.WRONG_DATA;
  const channel = context.channel;
  let status = context.perform(inner, 0, inner.length);
  // What the inner command may not be answered: data it did not ask for, or more of them.
  const innerNe = command.ne;
  if (around === null && secureChannel.isProtected) {
    status = secureChannel.leave(command, response, status);
    response.sealed = false;
  } else if (!carriesData(status)) response.length = 0;
  else if (response.length > innerNe) {
    response.length = 0;
    if (innerNe > 0) status = SW.WRONG_LE;
  }
  response.bytes[response.length++] = status >> 8;
  response.bytes[response.length++] = status & 0xff;
  inner.fill(0);
  // The answer is that of the outer command again.
  command.ne = ne;
  command.extended = extended;
  context.channel = channel;
  return SW.OK;
}
