import type { CommandContext } from '../command-context.ts';
import type { Parameters } from '../command-row.ts';
import type { CardFile } from '../files/card-file.ts';
import { CURRENT_DF_ID, MASTER_FILE_ID } from '../files/file-tree.ts';

/** P1 of SELECT, and of the commands that name their file in the same way. */
const BY_IDENTIFIER = 0x00;
const CHILD_DF = 0x01;
const CHILD_EF = 0x02;
const PARENT_DF = 0x03;
const BY_NAME = 0x04;
const PATH_FROM_MF = 0x08;
const PATH_FROM_DF = 0x09;

/** A file is found by anything but its name once: "first or only occurrence". */
const ONLY_OCCURRENCE = { p2: [0x00, 0x0c], p2Mask: 0xf3, p2Value: 0x00 } as const;

function references(withoutData: string, name: Omit<Parameters, 'p1'>): readonly Parameters[] {
  return [
    { p1: [BY_IDENTIFIER, BY_IDENTIFIER], ...ONLY_OCCURRENCE, meaning: `MF, DF or EF by identifier; ${withoutData}` },
    { p1: [CHILD_DF, CHILD_DF], ...ONLY_OCCURRENCE, meaning: 'child DF by identifier' },
    { p1: [CHILD_EF, CHILD_EF], ...ONLY_OCCURRENCE, meaning: 'EF under the current DF by identifier' },
    { p1: [PARENT_DF, PARENT_DF], ...ONLY_OCCURRENCE, meaning: 'parent DF of the current DF' },
    { p1: [BY_NAME, BY_NAME], ...name },
    { p1: [PATH_FROM_MF, PATH_FROM_MF], ...ONLY_OCCURRENCE, meaning: 'path from the MF, without its identifier' },
    { p1: [PATH_FROM_DF, PATH_FROM_DF], ...ONLY_OCCURRENCE, meaning: 'path from the current DF' },
  ];
}

/** Parameters of SELECT. */
export const SELECT_PARAMETERS: readonly Parameters[] = references('no data: MF', {
  p2: [0x00, 0x0f],
  meaning: 'DF by name, whole or cut short on the right; b2b1 first, last, next, previous',
});

/** Parameters of commands that act on a file; without data, on the current one. */
export const FILE_REFERENCE_PARAMETERS: readonly Parameters[] = references('no data: the current EF, or DF', {
  ...ONLY_OCCURRENCE,
  meaning: 'DF by name, whole or cut short on the right',
});

/** Whether a data field of `nc` bytes can name a file in the way that P1 says. */
export function isLengthConsistent(p1: number, nc: number): boolean {
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

/** The file that P1-P2 and the data field name, or null. @param withoutData what P1 00 without data means */
export function findFile(context: CommandContext, withoutData: CardFile): CardFile | null {
  const { command } = context;
  const files = context.core.files;
  const current = context.channel.directory;
  const data = command.bytes;
  const offset = command.dataOffset;
  const fid = ((data[offset] as number) << 8) | (data[offset + 1] as number);
  switch (command.p1) {
    case BY_IDENTIFIER:
      return command.nc === 0 ? withoutData : files.byIdentifier(current, fid);
    case CHILD_DF:
      return files.childDirectory(current, fid);
    case CHILD_EF:
      return files.childElementary(current, fid);
    case PARENT_DF:
      return current.parent === current ? null : current.parent;
    case BY_NAME:
      return files.byName(data, offset, command.nc, command.p2 & 0x03, current);
    case PATH_FROM_MF: {
      // The path starts below the MF; one that states it all the same, or 3FFF for the current DF, means the same.
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
