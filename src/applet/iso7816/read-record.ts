import { INS } from '../../apdu/instruction.ts';
import { asksForAll } from '../../apdu/response.ts';
import { SW } from '../../apdu/status-word.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { NO_RECORD } from '../channel.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow, Parameters } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { recordCount, recordLength } from '../files/record-file.ts';
import { recordFile } from './data-file.ts';
import { findRecord, MODE, modeOf, recordParameters, settleOn } from './record-reference.ts';

/** The modes that mean one record, by its identifier or number. */
export const READ_ONE_PARAMETERS: readonly Parameters[] = [
  recordParameters(MODE.FIRST, 'first record with identifier P1; 00: any'),
  recordParameters(MODE.LAST, 'last record with identifier P1; 00: any'),
  recordParameters(MODE.NEXT, 'next record with identifier P1; 00: any'),
  recordParameters(MODE.PREVIOUS, 'previous record with identifier P1; 00: any'),
  recordParameters(MODE.NUMBER, 'record P1; 00: current record'),
];

export const READ_RECORD: CommandRow = {
  ins: INS.READ_RECORD,
  name: 'READ RECORD',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.3.3',
  cases: [2],
  parameters: [
    ...READ_ONE_PARAMETERS,
    recordParameters(MODE.FROM_NUMBER, 'all records from P1 up to the last; 00: from the current one'),
    recordParameters(MODE.UP_TO_NUMBER, 'all records from the last up to P1; 00: up to the current one'),
  ],
  chaining: false,
  lifeCycle: 'activated',
  security: 'read rule of the file',
  cost: 'ram',
  execute: readRecord,
};

/**
 * READ RECORD. b8 to b4 of P2 are a short EF identifier, or 0 for the current EF.
 *
 * By identifier (the record's first byte) the record found becomes current; by number nothing does. Errors: 6A82 no
 * such short identifier, 6986 no current EF, 6981 no records, 6985 deactivated or terminated, 6982 read rule, 6A83
 * no such record, 6Cxx a smaller Le than the data; 6282 with the data when an explicit Le is larger.
 */
function readRecord(context: CommandContext): number {
  const { command, response } = context;
  const file = recordFile(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  const record = findRecord(context, file);
  if (record === NO_RECORD) return SW.RECORD_NOT_FOUND;
  const { nvm } = context.core;
  const mode = modeOf(context);
  const last = mode > MODE.NUMBER ? recordCount(nvm, file) : record;
  const length = totalLength(nvm, file, record, last);
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;

  settleOn(context, file, record);
  if (mode === MODE.UP_TO_NUMBER) {
    for (let number = last; number >= record; number--) context.sendRecord(file, number);
  } else {
    for (let number = record; number <= last; number++) context.sendRecord(file, number);
  }
  return length < command.ne && !asksForAll(command) ? SW.END_OF_FILE : SW.OK;
}

function totalLength(nvm: Nvm, file: CardFile, first: number, last: number): number {
  if (file.slotPrefix === 0) return (last - first + 1) * file.recordSize;
  let length = 0;
  for (let number = first; number <= last; number++) length += recordLength(nvm, file, number);
  return length;
}
