import { lengthOfLength } from '../../apdu/ber-tlv-writer.ts';
import { INS } from '../../apdu/instruction.ts';
import { asksForAll, type ResponseBuffer } from '../../apdu/response.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { EF_ACCESS } from '../files/card-file.ts';
import { FILE_PARAMETERS, transparentFile } from './data-file.ts';
import { DISCRETIONARY_DATA_TAG } from './offset-data-objects.ts';

export const READ_BINARY_ODD: CommandRow = {
  ins: INS.READ_BINARY_ODD,
  name: 'READ BINARY (odd INS)',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.2.3',
  cases: [4],
  parameters: FILE_PARAMETERS,
  chaining: false,
  lifeCycle: 'activated',
  security: 'read rule of the file',
  cost: 'ram',
  execute: readBinaryOdd,
};

/**
 * READ BINARY with an offset data object 54 in its data field, so that any byte of a file is within reach. The bytes
 * come in a data object 53; Le counts all of it.
 *
 * Errors: 6A82, 6986, 6981, 6985, 6982 as for READ BINARY; 6A80 and 6A85 the data field, 6B00 offset outside the file,
 * 6700 an Le of 1, which no data object fits in; 6282 with what there is when the file ends before an explicit Le.
 */
function readBinaryOdd(context: CommandContext): number {
  const file = transparentFile(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  const objects = context.offsetDataObjects;
  const parsed = objects.parse(context.command);
  if (parsed !== SW.OK) return parsed;
  if (objects.offsets !== 1 || objects.hasData) return SW.WRONG_DATA;
  if (objects.first >= file.dataSize) return SW.WRONG_OFFSET;
  if (context.command.ne < SMALLEST_OBJECT) return SW.WRONG_LENGTH;
  context.channel.selectElementary(file);
  return sendInDataObject(context, file.data + objects.first, file.dataSize - objects.first);
}

/** Tag and length of an empty one. */
export const SMALLEST_OBJECT = 2;

/**
 * Answers with the first bytes of those at `address` in a data object 53, as many as Le lets through.
 * @param available bytes up to the end of the file or record
 * @returns 9000, or 6282 when an explicit Le has room for more than there is
 */
export function sendInDataObject(context: CommandContext, address: number, available: number): number {
  const { command, response } = context;
  const length = Math.min(available, valueLengthWithin(command.ne));
  writeHeader(response, length);
  context.send(address, length);
  return length === available && response.length < command.ne && !asksForAll(command) ? SW.END_OF_FILE : SW.OK;
}

/** Longest value of a data object with a tag of one byte that takes up to `ne` bytes as a whole. */
function valueLengthWithin(ne: number): number {
  let length = ne - SMALLEST_OBJECT;
  while (1 + lengthOfLength(length) + length > ne) length--;
  return length;
}

function writeHeader(response: ResponseBuffer, length: number): void {
  const { bytes } = response;
  bytes[response.length++] = DISCRETIONARY_DATA_TAG;
  const size = lengthOfLength(length);
  if (size > 1) bytes[response.length++] = 0x80 | (size - 1);
  for (let shift = 8 * Math.max(size - 2, 0); shift >= 0; shift -= 8) {
    bytes[response.length++] = (length >> shift) & 0xff;
  }
}
