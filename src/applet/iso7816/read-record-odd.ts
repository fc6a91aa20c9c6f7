import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import { NO_RECORD } from '../channel.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { EF_ACCESS } from '../files/card-file.ts';
import { recordAddress, recordLength } from '../files/record-file.ts';
import { recordFile } from './data-file.ts';
import { SMALLEST_OBJECT, sendInDataObject } from './read-binary-odd.ts';
import { READ_ONE_PARAMETERS } from './read-record.ts';
import { findRecord, settleOn } from './record-reference.ts';

export const READ_RECORD_ODD: CommandRow = {
  ins: INS.READ_RECORD_ODD,
  name: 'READ RECORD (odd INS)',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.3.3',
  cases: [4],
  parameters: READ_ONE_PARAMETERS,
  chaining: false,
  lifeCycle: 'activated',
  security: 'read rule of the file',
  cost: 'ram',
  execute: readRecordOdd,
};

/**
 * READ RECORD of part of one record: from the byte that the offset data object 54 counts to, in a data object 53 of
 * which Le counts all. The record is meant, and becomes current, as with the even INS.
 *
 * Errors: 6A82, 6986, 6981, 6985, 6982, 6A83 as there; 6A80 and 6A85 the data field, 6B00 offset outside the record,
 * 6700 an Le of 1; 6282 with what there is when the record ends before an explicit Le.
 */
function readRecordOdd(context: CommandContext): number {
  const file = recordFile(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  const record = findRecord(context, file);
  if (record === NO_RECORD) return SW.RECORD_NOT_FOUND;
  const objects = context.offsetDataObjects;
  const parsed = objects.parse(context.command);
  if (parsed !== SW.OK) return parsed;
  if (objects.offsets !== 1 || objects.hasData) return SW.WRONG_DATA;
  const { nvm } = context.core;
  const length = recordLength(nvm, file, record);
  if (objects.first >= length) return SW.WRONG_OFFSET;
  if (context.command.ne < SMALLEST_OBJECT) return SW.WRONG_LENGTH;
  settleOn(context, file, record);
  return sendInDataObject(context, recordAddress(nvm, file, record) + objects.first, length - objects.first);
}
