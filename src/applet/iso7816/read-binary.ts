import { INS } from '../../apdu/instruction.ts';
import { asksForAll } from '../../apdu/response.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { EF_ACCESS } from '../files/card-file.ts';
import { fileAtOffset, OFFSET_PARAMETERS, offsetOf } from './data-file.ts';

export const READ_BINARY: CommandRow = {
  ins: INS.READ_BINARY,
  name: 'READ BINARY',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.2.3',
  cases: [2],
  parameters: OFFSET_PARAMETERS,
  chaining: false,
  lifeCycle: 'activated',
  security: 'read rule of the file',
  cost: 'ram',
  execute: readBinary,
};

/**
 * READ BINARY. Errors: 6A82 no such short identifier, 6986 no current EF, 6981 not transparent, 6985 deactivated
 * or terminated, 6982 read rule, 6B00 offset outside the file; 6282 with what there is when the file ends before an
 * explicit Le (over T=0 6Cxx).
 */
function readBinary(context: CommandContext): number {
  const { command, response } = context;
  const file = fileAtOffset(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  const offset = offsetOf(context);
  if (offset >= file.dataSize) return SW.WRONG_OFFSET;
  const available = file.dataSize - offset;
  const length = available < command.ne ? available : command.ne;
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;
  context.channel.selectElementary(file);
  context.send(file.data + offset, length);
  return length < command.ne && !asksForAll(command) ? SW.END_OF_FILE : SW.OK;
}
