import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { Channel } from '../channel.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, DF_ACCESS } from '../files/card-file.ts';
import { isUsable } from '../files/life-cycle.ts';
import { FILE_REFERENCE_PARAMETERS, findFile, isLengthConsistent } from './file-reference.ts';

export const DELETE_FILE: CommandRow = {
  ins: INS.DELETE_FILE,
  name: 'DELETE FILE',
  standard: 'ISO/IEC 7816-9',
  cases: [1, 3],
  parameters: FILE_REFERENCE_PARAMETERS,
  chaining: true,
  lifeCycle: 'any',
  security: 'delete rule of the file, or the delete-child rule of the DF that it stands in',
  cost: 'memory',
  execute: deleteFile,
};

/**
 * DELETE FILE: an EF, or a DF with all that is below it and its codes. Where the current file goes, the DF above it
 * becomes current. Errors: 6A87 data field of a length that P1 cannot mean, 6A82 no such file, 6985 the MF, a DF above
 * is deactivated or terminated, or the file or one below it is current on another channel of any interface, 6982 both
 * rules, 6A84 too many files for one transaction.
 */
function deleteFile(context: CommandContext): number {
  const { command, channel, core } = context;
  if (!isLengthConsistent(command.p1, command.nc)) return SW.NC_INCONSISTENT_WITH_P1_P2;
  const file = findFile(context, channel.elementary ?? channel.directory);
  if (file === null) return SW.FILE_NOT_FOUND;
  const parent = file.parent;
  if (parent === file || !isUsable(core.nvm, parent)) return SW.CONDITIONS_NOT_SATISFIED;
  if (isCurrentElsewhere(context, file)) return SW.CONDITIONS_NOT_SATISFIED;
  if (!context.permits(file, DF_ACCESS.DELETE) && !context.permits(parent, DF_ACCESS.DELETE_CHILD)) {
    return SW.SECURITY_STATUS_NOT_SATISFIED;
  }
  const leaves = isCurrentOn(channel, file);
  if (!core.store.remove(file)) return SW.NOT_ENOUGH_MEMORY;
  if (leaves) channel.select(parent);
  return SW.OK;
}

function isCurrentElsewhere(context: CommandContext, file: CardFile): boolean {
  return context.core.sessions.some((channels) =>
    channels.opened().some((channel) => channel !== context.channel && isCurrentOn(channel, file)),
  );
}

function isCurrentOn(channel: Channel, file: CardFile): boolean {
  for (let at = channel.elementary ?? channel.directory; ; at = at.parent) {
    if (at === file) return true;
    if (at.parent === at) return false;
  }
}
