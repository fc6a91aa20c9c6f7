import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { eraseBytes } from '../files/stored-bytes.ts';
import { FILE_PARAMETERS, fileAtOffset, OFFSET_PARAMETERS, offsetOf, transparentFile } from './data-file.ts';
import { bigEndian } from './offset-data-objects.ts';

/** Longest offset in a data field, in bytes. */
const LONGEST_OFFSET = 4;

export const ERASE_BINARY: CommandRow = {
  ins: INS.ERASE_BINARY,
  name: 'ERASE BINARY',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.2.7',
  cases: [1, 3],
  parameters: OFFSET_PARAMETERS,
  chaining: false,
  lifeCycle: 'activated',
  security: 'update rule of the file',
  cost: 'memory',
  execute: eraseBinary,
};

export const ERASE_BINARY_ODD: CommandRow = {
  ...ERASE_BINARY,
  ins: INS.ERASE_BINARY_ODD,
  name: 'ERASE BINARY (odd INS)',
  parameters: FILE_PARAMETERS,
  execute: eraseBinaryOdd,
};

/**
 * ERASE BINARY: sets bytes to 00, from the offset in P1-P2 to the end of the file, or up to the offset in the data
 * field (1 to 4 bytes), which is the first byte not erased.
 *
 * Errors: 6A82, 6986, 6981, 6985, 6982 (update rule) as for UPDATE BINARY; 6B00 an offset outside the file, 6A80 an
 * end that is not behind the start, or of more than 4 bytes.
 */
function eraseBinary(context: CommandContext): number {
  const { command } = context;
  const file = fileAtOffset(context, EF_ACCESS.UPDATE);
  if (typeof file === 'number') return file;
  if (command.nc > LONGEST_OFFSET) return SW.WRONG_DATA;
  const end = command.nc === 0 ? file.dataSize : bigEndian(command.bytes, command.dataOffset, command.nc);
  return erase(context, file, offsetOf(context), end);
}

/**
 * ERASE BINARY with offset data objects 54: none erases the whole file, one from there to the end, two up to the
 * second. Errors: as with the even INS; 6A80 and 6A85 the data field.
 */
function eraseBinaryOdd(context: CommandContext): number {
  const file = transparentFile(context, EF_ACCESS.UPDATE);
  if (typeof file === 'number') return file;
  const objects = context.offsetDataObjects;
  const parsed = objects.parse(context.command);
  if (parsed !== SW.OK) return parsed;
  if (objects.hasData) return SW.WRONG_DATA;
  const start = objects.offsets > 0 ? objects.first : 0;
  return erase(context, file, start, objects.offsets > 1 ? objects.second : file.dataSize);
}

function erase(context: CommandContext, file: CardFile, start: number, end: number): number {
  if (start >= file.dataSize || end > file.dataSize) return SW.WRONG_OFFSET;
  if (end <= start) return SW.WRONG_DATA;
  eraseBytes(context.core.nvm, file.data + start, end - start, context.scratch);
  context.channel.selectElementary(file);
  return SW.OK;
}
