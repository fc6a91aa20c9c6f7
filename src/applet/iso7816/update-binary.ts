import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { ACTION, combineBytes } from '../files/stored-bytes.ts';
import { FILE_PARAMETERS, fileAtOffset, OFFSET_PARAMETERS, offsetOf, transparentFile } from './data-file.ts';

export const UPDATE_BINARY: CommandRow = {
  ins: INS.UPDATE_BINARY,
  name: 'UPDATE BINARY',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.2.5',
  cases: [3],
  parameters: OFFSET_PARAMETERS,
  chaining: true,
  lifeCycle: 'activated',
  security: 'update rule of the file',
  cost: 'memory',
  execute: updateBinary,
};

export const UPDATE_BINARY_ODD: CommandRow = {
  ...UPDATE_BINARY,
  ins: INS.UPDATE_BINARY_ODD,
  name: 'UPDATE BINARY (odd INS)',
  parameters: FILE_PARAMETERS,
  execute: updateBinaryOdd,
};

/**
 * UPDATE BINARY: the data field takes the place of the bytes that are there.
 *
 * Errors: 6A82 no such short identifier, 6986 no current EF, 6981 not transparent, 6985 deactivated or terminated,
 * 6982 update rule, 6B00 offset outside the file, 6A84 the data reach over its end (nothing is written then).
 */
function updateBinary(context: CommandContext): number {
  return combineAtOffset(context, EF_ACCESS.UPDATE, ACTION.REPLACE);
}

/**
 * UPDATE BINARY with an offset data object 54 and the data in a 53 or 73, which may be empty. Errors: as with the even
 * INS; 6A80 and 6A85 the data field.
 */
function updateBinaryOdd(context: CommandContext): number {
  return combineInDataObjects(context, EF_ACCESS.UPDATE, ACTION.REPLACE);
}

/** UPDATE and WRITE BINARY with an even INS. @param action one of ACTION */
export function combineAtOffset(context: CommandContext, operation: number, action: number): number {
  const { command } = context;
  const file = fileAtOffset(context, operation);
  if (typeof file === 'number') return file;
  return combine(context, file, offsetOf(context), action, command.dataOffset, command.nc);
}

/** UPDATE and WRITE BINARY with an odd INS. */
export function combineInDataObjects(context: CommandContext, operation: number, action: number): number {
  const file = transparentFile(context, operation);
  if (typeof file === 'number') return file;
  const objects = context.offsetDataObjects;
  const parsed = objects.parse(context.command);
  if (parsed !== SW.OK) return parsed;
  if (objects.offsets !== 1 || !objects.hasData) return SW.WRONG_DATA;
  return combine(context, file, objects.first, action, objects.dataOffset, objects.dataLength);
}

function combine(
  context: CommandContext,
  file: CardFile,
  offset: number,
  action: number,
  dataOffset: number,
  length: number,
): number {
  if (offset >= file.dataSize) return SW.WRONG_OFFSET;
  if (length > file.dataSize - offset) return SW.NOT_ENOUGH_MEMORY;
  const { nvm } = context.core;
  combineBytes(nvm, file.data + offset, action, context.command.bytes, dataOffset, length, context.scratch);
  context.channel.selectElementary(file);
  return SW.OK;
}
