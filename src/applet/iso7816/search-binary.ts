import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { ERASED_BYTE, findByte, findBytes } from '../files/stored-bytes.ts';
import { FILE_PARAMETERS, fileAtOffset, OFFSET_PARAMETERS, offsetOf, transparentFile } from './data-file.ts';

const OFFSET_TAG = 0x54;
const NOT_FOUND = -1;

export const SEARCH_BINARY: CommandRow = {
  ins: INS.SEARCH_BINARY,
  name: 'SEARCH BINARY',
  standard: 'ISO/IEC 7816-4',
  cases: [1, 2, 3, 4],
  parameters: OFFSET_PARAMETERS,
  chaining: true,
  lifeCycle: 'activated',
  security: 'read rule of the file',
  cost: 'ram',
  execute: searchBinary,
};

export const SEARCH_BINARY_ODD: CommandRow = {
  ...SEARCH_BINARY,
  ins: INS.SEARCH_BINARY_ODD,
  name: 'SEARCH BINARY (odd INS)',
  cases: [3, 4],
  parameters: FILE_PARAMETERS,
  execute: searchBinaryOdd,
};

/**
 * SEARCH BINARY, from the offset in P1-P2 on: the offset of the first place in the file where the data field stands,
 * in as few bytes as it takes. Without data, of the first erased byte (00).
 *
 * Errors: 6A82, 6986, 6981, 6985, 6982 (read rule) as for READ BINARY; 6B00 offset outside the file, 6Cxx an Le smaller
 * than the answer; 6282 without data when there is no such place.
 */
function searchBinary(context: CommandContext): number {
  const { command } = context;
  const file = fileAtOffset(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  return search(context, file, offsetOf(context), command.dataOffset, command.nc, false);
}

/**
 * SEARCH BINARY with an offset data object 54 and the string in a 53 or 73; none, or an empty one, looks for an erased
 * byte. The answer is an offset data object. Errors: as with the even INS; 6A80 and 6A85 the data field.
 */
function searchBinaryOdd(context: CommandContext): number {
  const file = transparentFile(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  const objects = context.offsetDataObjects;
  const parsed = objects.parse(context.command);
  if (parsed !== SW.OK) return parsed;
  if (objects.offsets !== 1) return SW.WRONG_DATA;
  return search(context, file, objects.first, objects.dataOffset, objects.dataLength, true);
}

function search(
  context: CommandContext,
  file: CardFile,
  start: number,
  stringOffset: number,
  stringLength: number,
  inDataObject: boolean,
): number {
  const { command, response, channel } = context;
  const { nvm } = context.core;
  if (start >= file.dataSize) return SW.WRONG_OFFSET;
  const address = file.data + start;
  const length = file.dataSize - start;
  const distance =
    stringLength === 0
      ? findByte(nvm, address, length, ERASED_BYTE)
      : findBytes(nvm, address, length, command.bytes, stringOffset, stringLength);
  if (distance === NOT_FOUND) {
    channel.selectElementary(file);
    return SW.END_OF_FILE;
  }
  const offset = start + distance;
  const size = offset > 0xffff ? 3 : offset > 0xff ? 2 : 1;
  const admitted = response.admits(inDataObject ? 2 + size : size, command);
  if (admitted !== SW.OK) return admitted;
  channel.selectElementary(file);
  if (inDataObject) {
    response.bytes[response.length++] = OFFSET_TAG;
    response.bytes[response.length++] = size;
  }
  for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    response.bytes[response.length++] = (offset >> shift) & 0xff;
  }
  return SW.OK;
}
