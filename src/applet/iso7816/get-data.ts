import { INS } from '../../apdu/instruction.ts';
import { SW } from '../../apdu/status-word.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { findDataObject, StoredDataObject } from '../files/data-object-file.ts';
import { currentDataObjectFile, dataObjectFile, FILE_PARAMETERS } from './data-file.ts';
import { ALL_DATA_OBJECTS, TAG_PARAMETERS } from './tag-parameters.ts';

const TAG_LIST = 0x5c;
const HEADER_LIST = 0x5d;
const EXTENDED_HEADER_LIST = 0x4d;
/** Longest tag, in bytes. */
const LONGEST_TAG = 4;

export const GET_DATA: CommandRow = {
  ins: INS.GET_DATA,
  name: 'GET DATA',
  standard: 'ISO/IEC 7816-4:2005',
  clause: '7.4.2',
  cases: [2],
  parameters: TAG_PARAMETERS,
  chaining: false,
  lifeCycle: 'activated',
  security: 'read rule of the file',
  cost: 'ram',
  execute: getData,
};

export const GET_DATA_ODD: CommandRow = {
  ...GET_DATA,
  ins: INS.GET_DATA_ODD,
  name: 'GET DATA (odd INS)',
  cases: [4],
  parameters: FILE_PARAMETERS,
  execute: getDataOdd,
};

/**
 * GET DATA by tag from the current EF, which must hold data objects: the value of the object, or with 00FF all objects
 * of the file with their tags and lengths. A template that was read does not become the context of later commands.
 *
 * Errors: 6986 no current EF, 6981 it holds no data objects, 6985 deactivated or terminated, 6982 read rule, 6A88 no
 * object with this tag, or none at all; 6Cxx a smaller Le than the data.
 */
function getData(context: CommandContext): number {
  const { command, response } = context;
  const file = currentDataObjectFile(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  const tag = (command.p1 << 8) | command.p2;
  if (tag === ALL_DATA_OBJECTS) return sendAll(context, file);
  const object = findDataObject(context.core.nvm, file, tag);
  if (object === null) return SW.REFERENCED_DATA_NOT_FOUND;
  const admitted = response.admits(object.valueLength, command);
  if (admitted !== SW.OK) return admitted;
  context.send(object.value, object.valueLength);
  return SW.OK;
}

function sendAll(context: CommandContext, file: CardFile): number {
  const { command, response } = context;
  const { nvm } = context.core;
  let length = 0;
  for (const object = new StoredDataObject(nvm, file); object.next(); ) length += object.size;
  if (length === 0) return SW.REFERENCED_DATA_NOT_FOUND;
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;
  for (const object = new StoredDataObject(nvm, file); object.next(); ) context.send(object.start, object.size);
  return SW.OK;
}

/**
 * GET DATA from the EF that P1-P2 name, which becomes current. The data field is a tag list 5C; the answer holds the
 * objects with these tags, with their tags and lengths, in the order of the list. Tags that are not there are left out.
 *
 * Errors: 6A82 no such file, 6986, 6981, 6985, 6982 as with the even INS; 6A80 no tag list, or an empty or malformed one,
 * or one that asks for more than the card can answer with; 6A85 a list longer than the data field, 6A81 a header list 5D
 * or an extended one 4D, 6A88 none of the objects is there, 6Cxx a smaller Le than the data.
 */
function getDataOdd(context: CommandContext): number {
  const { command, response, channel } = context;
  const file = dataObjectFile(context, EF_ACCESS.READ);
  if (typeof file === 'number') return file;
  const judged = judgeTagList(context);
  if (judged !== SW.OK) return judged;
  const length = eachListed(context, file, false);
  if (length === 0) return SW.REFERENCED_DATA_NOT_FOUND;
  if (length > response.room) return SW.WRONG_DATA;
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;
  channel.selectElementary(file);
  eachListed(context, file, true);
  return SW.OK;
}

/** The data field must be one tag list with whole tags and a length of one byte. */
function judgeTagList(context: CommandContext): number {
  const { bytes, dataOffset, nc } = context.command;
  const tag = bytes[dataOffset];
  if (tag === HEADER_LIST || tag === EXTENDED_HEADER_LIST) return SW.FUNCTION_NOT_SUPPORTED;
  const length = bytes[dataOffset + 1] as number;
  if (tag !== TAG_LIST || nc < 2 || length === 0 || length >= 0x80) return SW.WRONG_DATA;
  if (length > nc - 2) return SW.NC_INCONSISTENT_WITH_TLV;
  if (length < nc - 2) return SW.WRONG_DATA;
  const end = dataOffset + nc;
  for (let at = dataOffset + 2; at < end; ) {
    const size = sizeOfTag(bytes, at, end);
    if (size === 0) return SW.WRONG_DATA;
    at += size;
  }
  return SW.OK;
}

/** Bytes of the tag at a place of the list, 0 for none. */
function sizeOfTag(bytes: Uint8Array, at: number, end: number): number {
  let size = 1;
  if (((bytes[at] as number) & 0x1f) === 0x1f) {
    do size++;
    while (size <= LONGEST_TAG && at + size <= end && ((bytes[at + size - 1] as number) & 0x80) !== 0);
  }
  return size <= LONGEST_TAG && at + size <= end ? size : 0;
}

/** Goes through the list, which was judged. @returns the length of what was found */
function eachListed(context: CommandContext, file: CardFile, send: boolean): number {
  const { bytes, dataOffset, nc } = context.command;
  const end = dataOffset + nc;
  let length = 0;
  for (let at = dataOffset + 2; at < end; ) {
    const size = sizeOfTag(bytes, at, end);
    let tag = 0;
    for (let i = 0; i < size; i++) tag = tag * 256 + (bytes[at + i] as number);
    at += size;
    const object = findDataObject(context.core.nvm, file, tag);
    if (object === null) continue;
    length += object.size;
    if (send) context.send(object.start, object.size);
  }
  return length;
}
