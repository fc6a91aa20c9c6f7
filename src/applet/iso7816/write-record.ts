import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { NO_RECORD } from '../channel.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { EF_ACCESS } from '../files/card-file.ts';
import { recordAddress, recordLength } from '../files/record-file.ts';
import { ACTION, combineBytes } from '../files/stored-bytes.ts';
import { FILE_KIND } from '../image/layout.ts';
import { append } from './append-record.ts';
import { recordFile } from './data-file.ts';
import { findRecord, MODE, modeOf, ONE_RECORD_PARAMETERS, settleOn } from './record-reference.ts';

export const WRITE_RECORD: CommandRow = {
  ins: INS.WRITE_RECORD,
  name: 'WRITE RECORD',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.3.4',
  cases: [3],
  parameters: ONE_RECORD_PARAMETERS,
  chaining: true,
  lifeCycle: 'activated',
  security: 'write rule of the file',
  cost: 'memory',
  execute: writeRecord,
};

/**
 * WRITE RECORD: the logical OR of the data field and a record that is there, as the data coding byte of every file says.
 * Records are meant, and become current, as for UPDATE RECORD; "previous" in a cyclic EF is an APPEND RECORD.
 *
 * Errors: 6A82 no such short identifier, 6986 no current EF, 6981 no records, 6985 deactivated or terminated, 6982 write
 * rule, 6A83 no such record, 6700 not the length of that very record, in a variable EF too.
 */
function writeRecord(context: CommandContext): number {
  const { command, scratch } = context;
  const file = recordFile(context, EF_ACCESS.WRITE);
  if (typeof file === 'number') return file;
  if (file.kind === FILE_KIND.CYCLIC && modeOf(context) === MODE.PREVIOUS) return append(context, file);
  const record = findRecord(context, file);
  if (record === NO_RECORD) return SW.RECORD_NOT_FOUND;
  const { nvm } = context.core;
  if (command.nc !== recordLength(nvm, file, record)) return SW.WRONG_LENGTH;
  const address = recordAddress(nvm, file, record);
  combineBytes(nvm, address, ACTION.OR, command.bytes, command.dataOffset, command.nc, scratch);
  settleOn(context, file, record);
  return SW.OK;
}
