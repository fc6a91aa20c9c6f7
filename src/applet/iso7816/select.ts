import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import type { CardFile } from '../files/card-file.ts';
import { CURRENT_DF_ID, MASTER_FILE_ID } from '../files/file-tree.ts';
import { isDeactivated, isOperational } from '../files/life-cycle.ts';

const BY_IDENTIFIER = 0x00;
const CHILD_DF = 0x01;
const CHILD_EF = 0x02;
const PARENT_DF = 0x03;
const BY_NAME = 0x04;
const PATH_FROM_MF = 0x08;
const PATH_FROM_DF = 0x09;

/** A file is found by anything but its name once: "first or only occurrence". */
const ONLY_OCCURRENCE = { p2: [0x00, 0x0c], p2Mask: 0xf3, p2Value: 0x00 } as const;

export const SELECT: CommandRow = {
  ins: INS.SELECT,
  name: 'SELECT',
  standard: 'ISO/IEC 7816-4',
  cases: [1, 2, 3, 4],
  parameters: [
    { p1: [BY_IDENTIFIER, BY_IDENTIFIER], ...ONLY_OCCURRENCE, meaning: 'MF, DF or EF by identifier; no data: MF' },
    { p1: [CHILD_DF, CHILD_DF], ...ONLY_OCCURRENCE, meaning: 'child DF by identifier' },
    { p1: [CHILD_EF, CHILD_EF], ...ONLY_OCCURRENCE, meaning: 'EF under the current DF by identifier' },
    { p1: [PARENT_DF, PARENT_DF], ...ONLY_OCCURRENCE, meaning: 'parent DF of the current DF' },
    {
      p1: [BY_NAME, BY_NAME],
      p2: [0x00, 0x0f],
      meaning: 'DF by name, whole or cut short on the right; b2b1 first, last, next, previous',
    },
    { p1: [PATH_FROM_MF, PATH_FROM_MF], ...ONLY_OCCURRENCE, meaning: 'path from the MF, without its identifier' },
    { p1: [PATH_FROM_DF, PATH_FROM_DF], ...ONLY_OCCURRENCE, meaning: 'path from the current DF' },
  ],
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
  const file = find(context);
  if (file === null) return SW.FILE_NOT_FOUND;
  const length = context.controlInformation.write(file, command.p2 & 0x0c, context.face);
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;
  response.length = length;
  channel.select(file);
  const state = context.lifeCycle(file);
  if (isOperational(state)) return SW.OK;
  return isDeactivated(state) ? SW.FILE_DEACTIVATED : SW.FILE_TERMINATED;
}

function isLengthConsistent(p1: number, nc: number): boolean {
  switch (p1) {
    case BY_IDENTIFIER:
      return nc === 0 || nc === 2;
    case PARENT_DF:
      return nc === 0;
    case BY_NAME:
      return nc > 0;
    case PATH_FROM_MF:
    case PATH_FROM_DF:
      return nc > 0 && nc % 2 === 0;
    default:
      return nc === 2;
  }
}

function find(context: CommandContext): CardFile | null {
  const { command } = context;
  const files = context.core.files;
  const current = context.channel.directory;
  const data = command.bytes;
  const offset = command.dataOffset;
  const fid = ((data[offset] as number) << 8) | (data[offset + 1] as number);
  switch (command.p1) {
    case BY_IDENTIFIER:
      return command.nc === 0 ? files.masterFile : files.byIdentifier(current, fid);
    case CHILD_DF:
      return files.childDirectory(current, fid);
    case CHILD_EF:
      return files.childElementary(current, fid);
    case PARENT_DF:
      return current.parent === current ? null : current.parent;
    case BY_NAME:
      return files.byName(data, offset, command.nc, command.p2 & 0x03, current);
    case PATH_FROM_MF: {
      // The path starts below the MF; one that states it all the same means the same.
      const skip = fid === MASTER_FILE_ID && command.nc > 2 ? 2 : 0;
      return fid === MASTER_FILE_ID && command.nc === 2
        ? files.masterFile
        : files.byPath(files.masterFile, data, offset + skip, command.nc - skip);
    }
    default: {
      const skip = fid === CURRENT_DF_ID ? 2 : 0;
      return files.byPath(current, data, offset + skip, command.nc - skip);
    }
  }
}
