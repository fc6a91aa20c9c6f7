import { TlvError, TlvReader } from '../../apdu/ber-tlv-reader.ts';
import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { hasRoomForDataObjects, type NewDataObject, putDataObjects, tagSize } from '../files/data-object-file.ts';
import { currentDataObjectFile, dataObjectFile, FILE_PARAMETERS } from './data-file.ts';
import { ALL_DATA_OBJECTS, TAG_PARAMETERS } from './tag-parameters.ts';

export const PUT_DATA: CommandRow = {
  ins: INS.PUT_DATA,
  name: 'PUT DATA',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.4.3',
  cases: [3],
  parameters: TAG_PARAMETERS,
  chaining: true,
  lifeCycle: 'activated',
  security: 'update rule of the file',
  cost: 'memory',
  execute: putData,
};

export const PUT_DATA_ODD: CommandRow = {
  ...PUT_DATA,
  ins: INS.PUT_DATA_ODD,
  name: 'PUT DATA (odd INS)',
  parameters: FILE_PARAMETERS,
  execute: putDataOdd,
};

/**
 * PUT DATA into the current EF, which must hold data objects: the data field is the value of the object whose tag is in
 * P1-P2, or with 00FF whole objects. An object takes the place of the one with its tag and moves to the end of the file.
 *
 * Errors: 6986 no current EF, 6981 it holds no data objects, 6985 deactivated or terminated, 6982 update rule, 6A84 no
 * room (nothing is changed then); with 00FF 6A80 and 6A85 as with the odd INS.
 */
function putData(context: CommandContext): number {
  const { command } = context;
  const file = currentDataObjectFile(context, EF_ACCESS.UPDATE);
  if (typeof file === 'number') return file;
  const tag = (command.p1 << 8) | command.p2;
  if (tag === ALL_DATA_OBJECTS) return putAll(context, file);
  return put(context, file, [{ tag, valueOffset: command.dataOffset, valueLength: command.nc }]);
}

/**
 * PUT DATA into the EF that P1-P2 name, which becomes current: the data field holds one or several data objects. Each
 * takes the place of the one with its tag; an empty one removes it, and is no error when there is none. Lengths are
 * stored in their shortest form.
 *
 * Errors: 6A82 no such file, 6986, 6981, 6985, 6982, 6A84 as with the even INS; 6A80 a malformed object, none, two with
 * one tag, or a tag that starts with FF, 6A85 an object that is longer than the data field.
 */
function putDataOdd(context: CommandContext): number {
  const file = dataObjectFile(context, EF_ACCESS.UPDATE);
  return typeof file === 'number' ? file : putAll(context, file);
}

function putAll(context: CommandContext, file: CardFile): number {
  const objects: NewDataObject[] = [];
  const parsed = parse(context, objects);
  return parsed === SW.OK ? put(context, file, objects) : parsed;
}

function put(context: CommandContext, file: CardFile, objects: readonly NewDataObject[]): number {
  const { nvm } = context.core;
  if (!hasRoomForDataObjects(nvm, file, objects)) return SW.NOT_ENOUGH_MEMORY;
  putDataObjects(nvm, file, objects, context.command.bytes, context.scratch);
  context.channel.selectElementary(file);
  return SW.OK;
}

/** @returns 9000, 6A80 or 6A85 */
function parse(context: CommandContext, objects: NewDataObject[]): number {
  const { bytes, dataOffset, nc } = context.command;
  try {
    const reader = new TlvReader(bytes, dataOffset, nc);
    while (reader.next()) {
      const { tag, valueOffset, valueLength } = reader;
      if (firstByte(tag) === 0xff || objects.some((object) => object.tag === tag)) return SW.WRONG_DATA;
      objects.push({ tag, valueOffset, valueLength });
    }
  } catch (error) {
    if (!(error instanceof TlvError)) throw error;
    return error.fault === 'value' ? SW.NC_INCONSISTENT_WITH_TLV : SW.WRONG_DATA;
  }
  return objects.length > 0 ? SW.OK : SW.WRONG_DATA;
}

function firstByte(tag: number): number {
  return (tag >>> (8 * (tagSize(tag) - 1))) & 0xff;
}
