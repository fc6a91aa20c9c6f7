import { SW } from '../../apdu/status-word.ts';
import type { Nvm } from '../../hal/nvm.ts';
import type { Applet } from '../applet.ts';
import type { CommandContext } from '../command-context.ts';
import type { CommandRow, Parameters } from '../command-row.ts';
import { type CardFile, EF_ACCESS } from '../files/card-file.ts';
import { recordAddress, recordCount, recordLength } from '../files/record-file.ts';
import { FILE_KIND } from '../image/layout.ts';
import { GET_DATA } from '../iso7816/get-data.ts';
import { OWN_AID } from './file-names.ts';

/** Tag of the object that holds the whole own application: P1-P2 of GET DATA. */
export const EXPORT_TAG = 0xbf40;

const LARGEST_SFI = 30;

/** GET DATA as the own application has it, in the place of the common one. */
export const GET_EXPORT_OR_DATA: CommandRow = {
  ...GET_DATA,
  parameters: GET_DATA.parameters.flatMap(withExport),
  security: 'read rule of the file; for BF40 of every file',
  execute: getExportOrData,
};

/** Cuts the one tag out of the tags of two bytes that begin as it does. */
function withExport(parameters: Parameters): readonly Parameters[] {
  const { p1, p2 } = parameters;
  if (p1[0] !== EXPORT_TAG >> 8) return [parameters];
  const tag = EXPORT_TAG & 0xff;
  return [
    { ...parameters, p2: [p2[0], tag - 1] },
    { p1, p2: [tag, tag], meaning: 'content of every EF of the application that has a short identifier' },
    { ...parameters, p2: [tag + 1, p2[1]] },
  ];
}

/**
 * The own application's one-answer read: GET DATA BF40 gives the content of every EF that has a short identifier, in
 * the order of these, record after record, as BER-TLV and without the padding of records. Nothing is stored for it.
 * Whoever may not read each of these files gets none of them.
 *
 * Errors: 6985 a file is deactivated or terminated, 6982 the read rule of one of them, 6A88 they are all empty, 6A84
 * more than a response of this card holds, 6Cxx a smaller Le than the data. Other tags mean what GET DATA says.
 * @param files of the card
 * @returns none for a card without this application
 */
export function exportApplets(files: readonly CardFile[]): readonly Applet[] {
  const directory = files.find(({ name }) => name !== null && isOwnName(name));
  if (directory === undefined) return [];
  return [
    {
      aid: OWN_AID,
      commands: [GET_EXPORT_OR_DATA],
      largestData: exportedFiles(directory).reduce((length, file) => length + room(file), 0),
    },
  ];
}

function isOwnName(name: Uint8Array): boolean {
  return name.length === OWN_AID.length && OWN_AID.every((byte, i) => byte === name[i]);
}

function room(file: CardFile): number {
  return file.hasRecords ? file.capacity * file.recordSize : file.dataSize;
}

function exportedFiles(directory: CardFile): CardFile[] {
  return directory.bySfi.filter((file): file is CardFile => file !== undefined && isExported(file));
}

function isExported(file: CardFile): boolean {
  return file.hasRecords || file.isTransparent;
}

function getExportOrData(context: CommandContext): number {
  const { command, response, channel } = context;
  if (((command.p1 << 8) | command.p2) !== EXPORT_TAG) return GET_DATA.execute(context);
  const directory = channel.directory.application;
  let length = 0;
  for (let sfi = 1; sfi <= LARGEST_SFI; sfi++) {
    const file = directory.bySfi[sfi];
    if (file === undefined || !isExported(file)) continue;
    if (!context.isUsable(file)) return SW.CONDITIONS_NOT_SATISFIED;
    if (!context.permits(file, EF_ACCESS.READ)) return SW.SECURITY_STATUS_NOT_SATISFIED;
    length += eachPart(context, file, false);
  }
  if (length === 0) return SW.REFERENCED_DATA_NOT_FOUND;
  if (length > response.room) return SW.NOT_ENOUGH_MEMORY;
  const admitted = response.admits(length, command);
  if (admitted !== SW.OK) return admitted;
  for (let sfi = 1; sfi <= LARGEST_SFI; sfi++) {
    const file = directory.bySfi[sfi];
    if (file !== undefined && isExported(file)) eachPart(context, file, true);
  }
  return SW.OK;
}

/** @returns bytes of the file's content; with `send` they go into the response */
function eachPart(context: CommandContext, file: CardFile, send: boolean): number {
  const { nvm } = context.core;
  if (file.kind === FILE_KIND.TRANSPARENT) {
    if (send) context.send(file.data, file.dataSize);
    return file.dataSize;
  }
  const count = recordCount(nvm, file);
  let total = 0;
  for (let number = 1; number <= count; number++) {
    const address = recordAddress(nvm, file, number);
    const length = withoutPadding(nvm, address, recordLength(nvm, file, number));
    if (send) context.send(address, length);
    total += length;
  }
  return total;
}

/** Length of the one data object that a record begins with, when the rest is padding of one kind; else of it all. */
function withoutPadding(nvm: Nvm, address: number, length: number): number {
  const end = objectLength(nvm, address, length);
  if (end === 0 || end === length) return length;
  const padding = nvm.readByte(address + end);
  if (padding !== 0x00 && padding !== 0xff) return length;
  for (let at = end + 1; at < length; at++) if (nvm.readByte(address + at) !== padding) return length;
  return end;
}

/** Tag, length and value together, or 0 when there is no whole object. */
function objectLength(nvm: Nvm, address: number, length: number): number {
  let at = 0;
  const next = (): number => (at < length ? nvm.readByte(address + at++) : -1);
  const tag = next();
  if (tag <= 0 || tag === 0xff) return 0;
  if ((tag & 0x1f) === 0x1f) while (next() >= 0x80);
  const first = next();
  let value = first;
  if (first >= 0x80) {
    if (first !== 0x81 && first !== 0x82) return 0;
    value = 0;
    for (let left = first - 0x80; left > 0; left--) value = value * 256 + next();
  }
  return value >= 0 && at + value <= length ? at + value : 0;
}
