import { INS } from '../../apdu/instruction.ts';
import { asksForAll } from '../../apdu/response.ts';
import { SW } from '../../apdu/status-word.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { NO_RECORD } from '../channel.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow, Parameters } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { recordAddress, recordCount, recordIdentifier, recordLength } from '../files/record-file.ts';

/** b3b2b1 of P2: what P1 means. */
const MODE = { FIRST: 0, LAST: 1, NEXT: 2, PREVIOUS: 3, NUMBER: 4, FROM_NUMBER: 5, UP_TO_NUMBER: 6 } as const;

/** P1 FF is reserved; so is a short EF identifier with all bits set. */
function mode(value: number, meaning: string): Parameters {
  return { p1: [0x00, 0xfe], p2: [0x00, 0xf7], p2Mask: 0x07, p2Value: value, meaning };
}

export const READ_RECORD: CommandRow = {
  ins: INS.READ_RECORD,
  name: 'READ RECORD',
  standard: 'ISO/IEC 7816-4',
  cases: [2],
  parameters: [
    mode(MODE.FIRST, 'first record with identifier P1; 00: any'),
    mode(MODE.LAST, 'last record with identifier P1; 00: any'),
    mode(MODE.NEXT, 'next record with identifier P1; 00: any'),
    mode(MODE.PREVIOUS, 'previous record with identifier P1; 00: any'),
    mode(MODE.NUMBER, 'record P1; 00: current record'),
    mode(MODE.FROM_NUMBER, 'all records from P1 up to the last; 00: from the current one'),
    mode(MODE.UP_TO_NUMBER, 'all records from the last up to P1; 00: up to the current one'),
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
  const { command, response, channel } = context;
  const sfi = command.p2 >> 3;
  const file: CardFile | null | undefined = sfi === 0 ? channel.elementary : channel.directory.bySfi[sfi];
  if (file === undefined) return SW.FILE_NOT_FOUND;
  if (file === null) return SW.NO_CURRENT_EF;
  if (!file.hasRecords) return SW.INCOMPATIBLE_FILE_STRUCTURE;
  if (!context.isUsable(file)) return SW.CONDITIONS_NOT_SATISFIED;
  if (!context.permits(file, EF_ACCESS.READ)) return SW.SECURITY_STATUS_NOT_SATISFIED;

  const nvm = context.core.nvm;
  const current = sfi === 0 ? channel.record : NO_RECORD;
  const record = findRecord(nvm, file, command.p1, command.p2 & 0x07, current);
  if (record === NO_RECORD) return SW.RECORD_NOT_FOUND;
  const several = (command.p2 & 0x07) > MODE.NUMBER;
  const last = several ? recordCount(nvm, file) : record;
  const length = totalLength(nvm, file, record, last);
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;

  if (sfi !== 0) channel.selectElementary(file);
  if ((command.p2 & 0x04) === 0) channel.record = record;
  if (several && (command.p2 & 0x07) === MODE.UP_TO_NUMBER) {
    for (let number = last; number >= record; number--) sendRecord(context, file, number);
  } else {
    for (let number = record; number <= last; number++) sendRecord(context, file, number);
  }
  return length < command.ne && !asksForAll(command) ? SW.END_OF_FILE : SW.OK;
}

function sendRecord(context: CommandContext, file: CardFile, number: number): void {
  const nvm = context.core.nvm;
  context.send(recordAddress(nvm, file, number), recordLength(nvm, file, number));
}

function totalLength(nvm: Nvm, file: CardFile, first: number, last: number): number {
  let length = 0;
  for (let number = first; number <= last; number++) length += recordLength(nvm, file, number);
  return length;
}

/** Number of the record that P1 and the mode mean, or {@link NO_RECORD}. */
function findRecord(nvm: Nvm, file: CardFile, p1: number, how: number, current: number): number {
  const count = recordCount(nvm, file);
  if (how >= MODE.NUMBER) {
    const number = p1 === 0 ? current : p1;
    return number <= count ? number : NO_RECORD;
  }
  const forwards = how === MODE.FIRST || how === MODE.NEXT;
  const step = forwards ? 1 : -1;
  const relative = (how === MODE.NEXT || how === MODE.PREVIOUS) && current !== NO_RECORD;
  let number = relative ? current + step : forwards ? 1 : count;
  for (; number >= 1 && number <= count; number += step) {
    if (p1 === 0 || recordIdentifier(nvm, file, number) === p1) return number;
  }
  return NO_RECORD;
}
