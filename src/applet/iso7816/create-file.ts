import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { DF_ACCESS } from '../files/card-file.ts';
import { ControlParametersError, readControlParameters } from '../files/control-parameters.ts';
import type { NewFile } from '../files/file-store.ts';
import { FILE_KIND } from '../image/layout.ts';

export const CREATE_FILE: CommandRow = {
  ins: INS.CREATE_FILE,
  name: 'CREATE FILE',
  standard: 'ISO/IEC 7816-9',
  cases: [3],
  parameters: [{ p1: [0x00, 0x00], p2: [0x00, 0x00], meaning: 'the data field describes the file: FCP template 62' }],
  chaining: true,
  lifeCycle: 'activated',
  security: 'create-file or create-directory rule of the current DF',
  cost: 'memory',
  execute: createFile,
};

/**
 * CREATE FILE, under the current DF; the file is current afterwards. See readControlParameters for the data field.
 * A transparent EF is all 00, an EF of records has none yet, one of data objects neither.
 *
 * Errors: 6985 the DF or one above it is deactivated or terminated, 6982 rule of the DF, 6A80 data field malformed or
 * describing no file that this card could have, 6A89 identifier or short identifier taken in this DF, 6A8A DF name
 * taken on the card, 6A84 no room.
 */
function createFile(context: CommandContext): number {
  const { command, channel, core } = context;
  const directory = channel.directory;
  if (!context.isUsable(directory)) return SW.CONDITIONS_NOT_SATISFIED;
  const wanted = parse(command.bytes, command.dataOffset, command.nc);
  if (!isPermitted(context, wanted)) return SW.SECURITY_STATUS_NOT_SATISFIED;
  if (wanted === null) return SW.WRONG_DATA;
  if (directory.children.has(wanted.fid)) return SW.FILE_ALREADY_EXISTS;
  if (wanted.sfi !== 0 && directory.bySfi[wanted.sfi] !== undefined) return SW.FILE_ALREADY_EXISTS;
  if (wanted.name !== null && core.files.hasName(wanted.name)) return SW.DF_NAME_ALREADY_EXISTS;
  const file = core.store.create(directory, wanted);
  if (file === null) return SW.NOT_ENOUGH_MEMORY;
  channel.select(file);
  return SW.OK;
}

function parse(bytes: Uint8Array, offset: number, length: number): NewFile | null {
  try {
    return readControlParameters(bytes, offset, length);
  } catch (error) {
    if (error instanceof ControlParametersError) return null;
    throw error;
  }
}

/** Nobody without a right to create anything learns what is wrong with the data. */
function isPermitted(context: CommandContext, wanted: NewFile | null): boolean {
  const { directory } = context.channel;
  if (wanted !== null) {
    return context.permits(directory, wanted.kind === FILE_KIND.DIRECTORY ? DF_ACCESS.CREATE_DF : DF_ACCESS.CREATE_EF);
  }
  return context.permits(directory, DF_ACCESS.CREATE_EF) || context.permits(directory, DF_ACCESS.CREATE_DF);
}
