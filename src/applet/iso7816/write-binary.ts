import { INS } from '../../apdu/instruction.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { EF_ACCESS } from '../files/card-file.ts';
import { ACTION } from '../files/stored-bytes.ts';
import { FILE_PARAMETERS, OFFSET_PARAMETERS } from './data-file.ts';
import { combineAtOffset, combineInDataObjects } from './update-binary.ts';

export const WRITE_BINARY: CommandRow = {
  ins: INS.WRITE_BINARY,
  name: 'WRITE BINARY',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.2.4',
  cases: [3],
  parameters: OFFSET_PARAMETERS,
  chaining: true,
  lifeCycle: 'activated',
  security: 'write rule of the file',
  cost: 'memory',
  execute: writeBinary,
};

export const WRITE_BINARY_ODD: CommandRow = {
  ...WRITE_BINARY,
  ins: INS.WRITE_BINARY_ODD,
  name: 'WRITE BINARY (odd INS)',
  parameters: FILE_PARAMETERS,
  execute: writeBinaryOdd,
};

/**
 * WRITE BINARY: the logical OR of the data field and the bytes that are there, as the data coding byte of every file
 * says. Errors: as for UPDATE BINARY, under the write rule.
 */
function writeBinary(context: CommandContext): number {
  return combineAtOffset(context, EF_ACCESS.WRITE, ACTION.OR);
}

/** WRITE BINARY with an offset data object 54 and the data in a 53 or 73. Errors: as for UPDATE BINARY with odd INS. */
function writeBinaryOdd(context: CommandContext): number {
  return combineInDataObjects(context, EF_ACCESS.WRITE, ACTION.OR);
}
