import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { acceptsRecordLength, appendRecord, hasRoomForRecord } from '../files/record-file.ts';
import { recordFile } from './data-file.ts';
import { settleOnFile } from './record-reference.ts';

export const APPEND_RECORD: CommandRow = {
  ins: INS.APPEND_RECORD,
  name: 'APPEND RECORD',
  standard: 'ISO/IEC 7816-4',
  cases: [3],
  parameters: [
    { p1: [0, 0], p2: [0x00, 0xf0], p2Mask: 0x07, p2Value: 0, meaning: 'b8 to b4 of P2: short identifier, or 0' },
  ],
  chaining: true,
  lifeCycle: 'activated',
  security: 'write rule of the file',
  cost: 'memory',
  execute: appendRecordCommand,
};

/**
 * APPEND RECORD: the data field becomes the last record of a linear EF, or record 1 of a cyclic one, where it takes
 * the place of the oldest when all are used. The new record becomes current.
 *
 * Errors: 6A82 no such short identifier, 6986 no current EF, 6981 no records, 6985 deactivated or terminated, 6982 write
 * rule, 6700 not the length of the records, or longer than the longest, 6A84 a linear EF is full.
 */
function appendRecordCommand(context: CommandContext): number {
  const file = recordFile(context, EF_ACCESS.WRITE);
  return typeof file === 'number' ? file : append(context, file);
}

/** Appends the data field; UPDATE and WRITE RECORD "previous" do it too in a cyclic file. */
export function append(context: CommandContext, file: CardFile): number {
  const { command, scratch } = context;
  const { nvm } = context.core;
  if (!acceptsRecordLength(file, command.nc)) return SW.WRONG_LENGTH;
  if (!hasRoomForRecord(nvm, file)) return SW.NOT_ENOUGH_MEMORY;
  const number = appendRecord(nvm, file, command.bytes, command.dataOffset, command.nc, scratch);
  settleOnFile(context, file);
  context.channel.record = number;
  return SW.OK;
}
