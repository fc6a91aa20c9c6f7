import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { isDeactivated, isUsableState } from '../files/life-cycle.ts';
import { findFile, isLengthConsistent, SELECT_PARAMETERS } from './file-reference.ts';

export const SELECT: CommandRow = {
  ins: INS.SELECT,
  name: 'SELECT',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.1.1',
  cases: [1, 2, 3, 4],
  parameters: SELECT_PARAMETERS,
  chaining: true,
  lifeCycle: 'any',
  security: 'none',
  cost: 'ram',
  execute: select,
};

/**
 * SELECT. P2 b4b3: 00 FCI, 01 FCP, 10 FMD, 11 no data.
 *
 * Errors: 6A87 data field of a length that P1 cannot mean, 6A82 not found (the selection stays), 6Cxx Le too small
 * for the template (the selection stays). 6283 and 6285: selected, but deactivated or terminated.
 */
function select(context: CommandContext): number {
  const { command, response, channel } = context;
  if (!isLengthConsistent(command.p1, command.nc)) return SW.NC_INCONSISTENT_WITH_P1_P2;
  const file = findFile(context, context.core.files.masterFile);
  if (file === null) return SW.FILE_NOT_FOUND;
  const length = context.controlInformation.write(file, command.p2 & 0x0c, context.cardInterface);
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;
  response.length = length;
  channel.select(file);
  const state = context.lifeCycle(file);
  if (isUsableState(state)) return SW.OK;
  return isDeactivated(state) ? SW.FILE_DEACTIVATED : SW.FILE_TERMINATED;
}
