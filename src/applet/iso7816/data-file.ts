import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { Parameters } from '../command-row.ts';
import type { CardFile } from '../files/card-file.ts';
import { CURRENT_DF_ID, MASTER_FILE_ID } from '../files/file-tree.ts';
import { isUsableState } from '../files/life-cycle.ts';

/**
 * Which EF a data command works on, and whether it may: the file, or the status word that refuses it, in the order
 * 6A82 not there, 6986 no current EF, 6981 another structure, 6985 deactivated or terminated, 6982 rule of the file.
 * `operation` is one of EF_ACCESS.
 */

/**
 * P1 with b8 set carries a short EF identifier, 0 for the current EF, and P2 the offset; otherwise P1-P2 are an offset
 * of 15 bits.
 */
const SFI_FLAG = 0x80;
const LARGEST_SFI = 0x1e;

/** P1-P2 of the binary commands with an even INS. */
export const OFFSET_PARAMETERS: readonly Parameters[] = [
  { p1: [0x00, 0x7f], p2: [0x00, 0xff], meaning: 'current EF, offset of 15 bits in P1-P2' },
  {
    p1: [0x80, 0x9e],
    p2: [0x00, 0xff],
    meaning: 'EF by short identifier in P1, 0: current EF; offset of 8 bits in P2',
  },
];

/** P1-P2 of the binary and data object commands with an odd INS. */
export const FILE_PARAMETERS: readonly Parameters[] = [
  { p1: [0x00, 0x00], p2: [0x00, 0x00], meaning: 'current EF' },
  { p1: [0x00, 0x00], p2: [0x01, LARGEST_SFI], meaning: 'EF by short identifier in P2' },
  { p1: [0x00, 0x00], p2: [0x1f, 0xff], meaning: 'EF under the current DF by identifier' },
  { p1: [0x01, 0xff], p2: [0x00, 0xff], meaning: 'EF under the current DF by identifier' },
];

/** The transparent EF that P1-P2 of an even INS mean. */
export function fileAtOffset(context: CommandContext, operation: number): CardFile | number {
  const { command, channel } = context;
  const sfi = (command.p1 & SFI_FLAG) !== 0 ? command.p1 & 0x1f : 0;
  const file = sfi !== 0 ? channel.directory.bySfi[sfi] : channel.elementary;
  return judged(context, file, file?.isTransparent === true, operation);
}

/** Offset that P1-P2 of an even INS carry. */
export function offsetOf(context: CommandContext): number {
  const { p1, p2 } = context.command;
  return (p1 & SFI_FLAG) !== 0 ? p2 : (p1 << 8) | p2;
}

/** The transparent EF that P1-P2 of an odd INS mean. */
export function transparentFile(context: CommandContext, operation: number): CardFile | number {
  const file = namedFile(context);
  return judged(context, file, file?.isTransparent === true, operation);
}

/** The EF of data objects that P1-P2 of an odd INS mean. */
export function dataObjectFile(context: CommandContext, operation: number): CardFile | number {
  const file = namedFile(context);
  return judged(context, file, file?.hasDataObjects === true, operation);
}

/** The current EF, which must hold data objects: what P1-P2 with a tag leave to it. */
export function currentDataObjectFile(context: CommandContext, operation: number): CardFile | number {
  const file = context.channel.elementary;
  return judged(context, file, file?.hasDataObjects === true, operation);
}

/** The EF of records that b8 to b4 of P2 mean: a short identifier, or 0 for the current EF. */
export function recordFile(context: CommandContext, operation: number): CardFile | number {
  const sfi = context.command.p2 >> 3;
  const file = sfi === 0 ? context.channel.elementary : context.channel.directory.bySfi[sfi];
  return judged(context, file, file?.hasRecords === true, operation);
}

/** The same for a file that was found elsewhere. */
export function judgedRecordFile(
  context: CommandContext,
  file: CardFile | undefined,
  operation: number,
): CardFile | number {
  return judged(context, file, file?.hasRecords === true, operation);
}

/** A file by its identifier as the odd INS give it: a child of the current DF, or a DF, which has no such data. */
export function fileByIdentifier(context: CommandContext, fid: number): CardFile | undefined {
  const { directory } = context.channel;
  if (fid === CURRENT_DF_ID) return directory;
  return fid === MASTER_FILE_ID ? context.core.files.masterFile : directory.children.get(fid);
}

function namedFile(context: CommandContext): CardFile | null | undefined {
  const { command, channel } = context;
  if (command.p1 === 0 && command.p2 <= LARGEST_SFI) {
    return command.p2 === 0 ? channel.elementary : channel.directory.bySfi[command.p2];
  }
  return fileByIdentifier(context, (command.p1 << 8) | command.p2);
}

function judged(
  context: CommandContext,
  file: CardFile | null | undefined,
  fits: boolean,
  operation: number,
): CardFile | number {
  if (file === undefined) return SW.FILE_NOT_FOUND;
  if (file === null) return SW.NO_CURRENT_EF;
  if (!fits) return SW.INCOMPATIBLE_FILE_STRUCTURE;
  const state = context.lifeCycle(file);
  if (!isUsableState(state) || !context.isUsable(file.parent)) return SW.CONDITIONS_NOT_SATISFIED;
  if (!context.permits(file, operation, state)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  return file;
}
