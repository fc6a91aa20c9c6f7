import { INS } from '../../apdu/instruction.ts';
import { asksForAll } from '../../apdu/response.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';

/** P1 with b8 set carries a short EF identifier, and P2 the offset; otherwise P1-P2 are an offset of 15 bits. */
const SFI_FLAG = 0x80;

export const READ_BINARY: CommandRow = {
  ins: INS.READ_BINARY,
  name: 'READ BINARY',
  standard: 'ISO/IEC 7816-4',
  cases: [2],
  parameters: [
    { p1: [0x00, 0x7f], p2: [0x00, 0xff], meaning: 'current EF, offset of 15 bits in P1-P2' },
    { p1: [0x81, 0x9e], p2: [0x00, 0xff], meaning: 'EF by short identifier in P1, offset of 8 bits in P2' },
  ],
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
  const { command, response, channel } = context;
  const bySfi = (command.p1 & SFI_FLAG) !== 0;
  const file: CardFile | null | undefined = bySfi ? channel.directory.bySfi[command.p1 & 0x1f] : channel.elementary;
  if (file === undefined) return SW.FILE_NOT_FOUND;
  if (file === null) return SW.NO_CURRENT_EF;
  if (!file.isTransparent) return SW.INCOMPATIBLE_FILE_STRUCTURE;
  if (!context.isUsable(file)) return SW.CONDITIONS_NOT_SATISFIED;
  if (!context.permits(file, EF_ACCESS.READ)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  const offset = bySfi ? command.p2 : (command.p1 << 8) | command.p2;
  if (offset >= file.dataSize) return SW.WRONG_OFFSET;
  const available = file.dataSize - offset;
  const length = available < command.ne ? available : command.ne;
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;
  if (bySfi) channel.selectElementary(file);
  context.send(file.data + offset, length);
  return length < command.ne && !asksForAll(command) ? SW.END_OF_FILE : SW.OK;
}
