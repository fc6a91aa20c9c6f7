import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { CHANNEL_COUNT } from '../channels.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';

const OPEN = 0x00;
const CLOSE = 0x80;

export const MANAGE_CHANNEL: CommandRow = {
  ins: INS.MANAGE_CHANNEL,
  name: 'MANAGE CHANNEL',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.1.2',
  cases: [1, 2],
  parameters: [
    {
      p1: [OPEN, OPEN],
      p2: [0x00, CHANNEL_COUNT - 1],
      meaning: 'open channel P2; 00: the card chooses and answers which',
    },
    { p1: [CLOSE, CLOSE], p2: [0x00, CHANNEL_COUNT - 1], meaning: 'close channel P2; 00: the one of this command' },
  ],
  chaining: false,
  lifeCycle: 'any',
  security: 'none',
  cost: 'ram',
  execute: manageChannel,
};

/**
 * MANAGE CHANNEL. A channel opened from the basic one starts in the master file, from another one in the DF that is
 * current there; nothing is proven on it. What is card-wide counts on all channels of the interface.
 *
 * Errors: 6A81 every channel is open, or the basic one is to be closed; 6A86 the channel is open already; 6200 it was
 * closed already; 6700 an Le without an answer (but P3 00 over T=0, which is none), or none where the card chooses.
 */
function manageChannel(context: CommandContext): number {
  const { command, response, channels } = context;
  const chosen = command.p1 === OPEN && command.p2 === 0;
  // Over T=0 a command without data or answer travels with P3 = 00, which looks like an Le.
  if (!chosen && response.heedsT0 && command.ne === 256) command.ne = 0;
  if (chosen !== command.ne > 0) return SW.WRONG_LENGTH;
  if (command.p1 === CLOSE) {
    return close(context, command.p2 === 0 ? context.channel.number : command.p2);
  }
  const number = chosen ? channels.firstClosed() : command.p2;
  if (number < 0) return SW.FUNCTION_NOT_SUPPORTED;
  if (channels.get(number) !== null) return SW.WRONG_P1_P2;
  const admitted = response.admits(chosen ? 1 : 0, command);
  if (admitted !== SW.OK) return admitted;
  const from = context.channel;
  channels.open(number, from.number === 0 ? context.core.files.masterFile : from.directory);
  if (chosen) response.bytes[response.length++] = number;
  return SW.OK;
}

function close(context: CommandContext, number: number): number {
  if (number === 0) return SW.FUNCTION_NOT_SUPPORTED;
  if (context.channels.get(number) === null) return SW.WARNING_UNCHANGED;
  context.channels.close(number);
  context.secureChannel.channelClosed(number);
  return SW.OK;
}
