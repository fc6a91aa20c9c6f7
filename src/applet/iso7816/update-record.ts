import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { NO_RECORD } from '../channel.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { EF_ACCESS } from '../files/card-file.ts';
import { acceptsRecordLength, recordAddress, recordLength, replaceRecord } from '../files/record-file.ts';
import { ACTION, combineBytes } from '../files/stored-bytes.ts';
import { FILE_KIND } from '../image/layout.ts';
import { append } from './append-record.ts';
import { recordFile } from './data-file.ts';
import {
  findRecord,
  MODE,
  modeOf,
  ONE_RECORD_PARAMETERS,
  recordParameters,
  settleOn,
  settleOnFile,
} from './record-reference.ts';

export const UPDATE_RECORD: CommandRow = {
  ins: INS.UPDATE_RECORD,
  name: 'UPDATE RECORD',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.3.5',
  cases: [3],
  parameters: ONE_RECORD_PARAMETERS,
  chaining: true,
  lifeCycle: 'activated',
  security: 'update rule of the file',
  cost: 'memory',
  execute: updateRecord,
};

/** b2b1 of P2, b3 being set: {@link ACTION} in the order of the standard. */
const REPLACE = 4;

export const UPDATE_RECORD_ODD: CommandRow = {
  ...UPDATE_RECORD,
  ins: INS.UPDATE_RECORD_ODD,
  name: 'UPDATE RECORD (odd INS)',
  parameters: [
    recordParameters(REPLACE + ACTION.REPLACE, 'record P1, 00: current; replace'),
    recordParameters(REPLACE + ACTION.AND, 'record P1, 00: current; logical AND'),
    recordParameters(REPLACE + ACTION.OR, 'record P1, 00: current; logical OR'),
    recordParameters(REPLACE + ACTION.XOR, 'record P1, 00: current; exclusive OR'),
  ],
  execute: updateRecordOdd,
};

/**
 * UPDATE RECORD: the data field takes the place of a whole record. First, last, next and previous make it current, a
 * number does not. In a cyclic EF "previous" writes a new record 1 as APPEND RECORD does; the other modes change a
 * record where it is.
 *
 * Errors: 6A82 no such short identifier, 6986 no current EF, 6981 no records, 6985 deactivated or terminated, 6982 update
 * rule, 6A83 no such record, 6700 not the length of the records, or longer than the longest of a variable EF.
 */
function updateRecord(context: CommandContext): number {
  const { command, scratch } = context;
  const file = recordFile(context, EF_ACCESS.UPDATE);
  if (typeof file === 'number') return file;
  if (file.kind === FILE_KIND.CYCLIC && modeOf(context) === MODE.PREVIOUS) return append(context, file);
  const record = findRecord(context, file);
  if (record === NO_RECORD) return SW.RECORD_NOT_FOUND;
  if (!acceptsRecordLength(file, command.nc)) return SW.WRONG_LENGTH;
  replaceRecord(context.core.nvm, file, record, command.bytes, command.dataOffset, command.nc, scratch);
  settleOn(context, file, record);
  return SW.OK;
}

/**
 * UPDATE RECORD of part of a record: the bytes of a data object 53 or 73 replace those from the offset in 54 on, or are
 * combined with them. The record keeps its length.
 *
 * Errors: 6A82, 6986, 6981, 6985, 6982, 6A83 as above; 6A80 and 6A85 the data field, 6B00 offset outside the record,
 * 6A84 the data reach over its end.
 */
function updateRecordOdd(context: CommandContext): number {
  const file = recordFile(context, EF_ACCESS.UPDATE);
  if (typeof file === 'number') return file;
  const record = findRecord(context, file, MODE.NUMBER);
  if (record === NO_RECORD) return SW.RECORD_NOT_FOUND;
  const objects = context.offsetDataObjects;
  const parsed = objects.parse(context.command);
  if (parsed !== SW.OK) return parsed;
  if (objects.offsets !== 1 || !objects.hasData) return SW.WRONG_DATA;
  const { nvm } = context.core;
  const length = recordLength(nvm, file, record);
  if (objects.first >= length) return SW.WRONG_OFFSET;
  if (objects.dataLength > length - objects.first) return SW.NOT_ENOUGH_MEMORY;
  const address = recordAddress(nvm, file, record) + objects.first;
  const action = modeOf(context) - REPLACE;
  combineBytes(nvm, address, action, context.command.bytes, objects.dataOffset, objects.dataLength, context.scratch);
  settleOnFile(context, file);
  return SW.OK;
}
