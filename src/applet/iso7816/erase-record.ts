import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { EF_ACCESS } from '../files/card-file.ts';
import { eraseRecords, recordCount } from '../files/record-file.ts';
import { recordFile } from './data-file.ts';
import { MODE, modeOf, recordParameters, settleOnFile } from './record-reference.ts';

export const ERASE_RECORD: CommandRow = {
  ins: INS.ERASE_RECORD,
  name: 'ERASE RECORD',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.3.8',
  cases: [1],
  parameters: [
    recordParameters(MODE.NUMBER, 'record P1', [0x01, 0xfe]),
    recordParameters(MODE.FROM_NUMBER, 'all records from P1 up to the last', [0x01, 0xfe]),
  ],
  chaining: false,
  lifeCycle: 'activated',
  security: 'update rule of the file',
  cost: 'memory',
  execute: eraseRecordCommand,
};

/**
 * ERASE RECORD: sets all bytes of a record, or of it and those behind it, to 00. Records stay, with their numbers and
 * lengths, and can be written again. No record becomes current.
 *
 * Errors: 6A82 no such short identifier, 6986 no current EF, 6981 no records, 6985 deactivated or terminated, 6982 update
 * rule, 6A83 no such record.
 */
function eraseRecordCommand(context: CommandContext): number {
  const { command, scratch } = context;
  const file = recordFile(context, EF_ACCESS.UPDATE);
  if (typeof file === 'number') return file;
  const { nvm } = context.core;
  const count = recordCount(nvm, file);
  if (command.p1 > count) return SW.RECORD_NOT_FOUND;
  const last = modeOf(context) === MODE.FROM_NUMBER ? count : command.p1;
  eraseRecords(nvm, file, command.p1, last, scratch);
  settleOnFile(context, file);
  return SW.OK;
}
