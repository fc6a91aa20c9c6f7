import { toHex } from '../../apdu/hex.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { AccessRuleError } from '../access/access-rule.ts';
import { LARGEST_ATTRIBUTES, readAttributes, type SecurityAttributes } from '../access/security-attribute.ts';
import { CardFile } from '../files/card-file.ts';
import { CURRENT_DF_ID, MASTER_FILE_ID } from '../files/file-tree.ts';
import { isLifeCycle } from '../files/life-cycle.ts';
import { bodySize, extentSize, type FileSizes } from './file-entry.ts';
import { ImageError } from './image-error.ts';
import {
  ATTRIBUTES_CRC_SIZE,
  BODY,
  FILE,
  FILE_KIND,
  type FileKind,
  LARGEST_CAPACITY,
  LARGEST_FILE,
  NO_PARENT,
  SLOT_LENGTH_SIZE,
} from './layout.ts';
import { Section } from './section.ts';
import type { FileRegions } from './superblock.ts';

/** Bytes of a DF name or a label. */
const LARGEST_NAME = 16;
const LARGEST_SFI = 30;
/** Identifiers that no file below the MF has. */
const RESERVED_IDS: readonly number[] = [0x0000, MASTER_FILE_ID, CURRENT_DF_ID, 0xffff];

interface TableEntry extends FileSizes {
  readonly index: number;
  readonly parent: number;
  readonly section: Section;
  readonly body: number;
  readonly attributesLength: number;
}

/**
 * Every file of the table, the MF first and every DF before its children. A child may stand before its DF in the
 * table: entries are used again.
 * @throws {ImageError} a damaged entry, a file without a DF, files that overlap, state that a command would trust
 */
export function readFiles(nvm: Nvm, regions: FileRegions): CardFile[] {
  const entries = readEntries(nvm, regions);
  checkExtents(entries, regions);
  const below = new Map<number, TableEntry[]>();
  for (const entry of entries) {
    const siblings = below.get(entry.parent);
    if (siblings === undefined) below.set(entry.parent, [entry]);
    else siblings.push(entry);
  }
  const root = entries[0];
  if (root?.index !== 0 || root.parent !== NO_PARENT) throw new ImageError('the card image has no master file');
  if ((below.get(NO_PARENT) ?? []).length !== 1) throw new ImageError('the card image has two master files');
  const files: CardFile[] = [makeFile(nvm, root, null)];
  for (let i = 0; i < files.length; i++) {
    const directory = files[i] as CardFile;
    for (const entry of below.get(directory.index) ?? []) {
      if (!directory.isDirectory) throw makesNoSense(entry.index);
      files.push(addChild(directory, makeFile(nvm, entry, directory)));
    }
  }
  if (files.length !== entries.length) throw new ImageError('the card image is damaged: a file stands in no directory');
  const names = files.flatMap(({ name }) => (name === null ? [] : [name.join()]));
  if (new Set(names).size < names.length) throw new ImageError('the card image is damaged: two DFs of one name');
  return files;
}

function readEntries(nvm: Nvm, regions: FileRegions): TableEntry[] {
  const entries: TableEntry[] = [];
  for (let index = 0; index < regions.entries; index++) {
    const section = new Section(nvm, regions.table + index * FILE.SIZE, FILE.SIZE);
    section.check(FILE.CRC, `entry of file ${index}`);
    const kind = section.byte(FILE.KIND);
    if (kind === FILE_KIND.FREE) continue;
    if (kind > FILE_KIND.BER_TLV) throw makesNoSense(index);
    const entry: TableEntry = {
      index,
      section,
      kind: kind as FileKind,
      parent: section.u16(FILE.PARENT),
      recordSize: section.u16(FILE.RECORD_SIZE),
      capacity: section.u16(FILE.CAPACITY),
      dataSize: section.u32(FILE.DATA_SIZE),
      body: section.u32(FILE.BODY),
      attributesLength: section.u16(FILE.ATTRIBUTES_LENGTH),
    };
    if (!hasSoundSizes(entry) || !hasSoundNames(entry)) throw makesNoSense(index);
    entries.push(entry);
  }
  return entries;
}

/** What a file of this kind can have: its sizes decide how much memory the card takes. */
function hasSoundSizes({ kind, dataSize, recordSize, capacity, attributesLength }: TableEntry): boolean {
  if (attributesLength > LARGEST_ATTRIBUTES) return false;
  switch (kind) {
    case FILE_KIND.DIRECTORY:
      return dataSize === 0 && recordSize === 0 && capacity === 0;
    case FILE_KIND.TRANSPARENT:
    case FILE_KIND.BER_TLV:
      return dataSize >= 1 && dataSize <= LARGEST_FILE && recordSize === 0 && capacity === 0;
    default:
      return (
        dataSize === 0 &&
        recordSize >= 1 &&
        capacity >= 1 &&
        capacity <= LARGEST_CAPACITY &&
        recordSize * capacity <= LARGEST_FILE
      );
  }
}

/** Identifier, short identifier, DF name and label. */
function hasSoundNames({ index, kind, section }: TableEntry): boolean {
  const fid = section.u16(FILE.FID);
  const isDirectory = kind === FILE_KIND.DIRECTORY;
  if (index === 0 ? fid !== MASTER_FILE_ID : RESERVED_IDS.includes(fid)) return false;
  if (section.byte(FILE.SFI) > (isDirectory ? 0 : LARGEST_SFI)) return false;
  const most = isDirectory ? LARGEST_NAME : 0;
  return section.byte(FILE.NAME_LENGTH) <= most && section.byte(FILE.LABEL_LENGTH) <= most;
}

function makesNoSense(index: number): ImageError {
  return new ImageError(`the card image is damaged: file ${index} makes no sense`);
}

function checkExtents(entries: readonly TableEntry[], { bodies, bodiesSize }: FileRegions): void {
  let end = bodies;
  for (const entry of entries.toSorted((a, b) => a.body - b.body)) {
    if (entry.body < end) throw new ImageError(`the card image is damaged: file ${entry.index} lies over another one`);
    end = entry.body + extentSize(entry, entry.attributesLength);
    if (end > bodies + bodiesSize) throw makesNoSense(entry.index);
  }
}

function makeFile(nvm: Nvm, entry: TableEntry, parent: CardFile | null): CardFile {
  const { index, section, kind, recordSize, capacity, dataSize, body } = entry;
  const fid = section.u16(FILE.FID);
  const attributeBytes = readAttributeBytes(nvm, entry);
  const file = new CardFile(
    {
      index,
      kind,
      flags: section.byte(FILE.FLAGS),
      fid,
      sfi: section.byte(FILE.SFI),
      name: optional(section, FILE.NAME, FILE.NAME_LENGTH),
      label: optional(section, FILE.LABEL, FILE.LABEL_LENGTH),
      rules: section.bytes(FILE.RULES, 21),
      attributeBytes,
      attributes: compiled(attributeBytes, fid),
      recordSize,
      capacity,
      body,
      dataSize,
    },
    parent,
  );
  checkState(nvm, file);
  return file;
}

function readAttributeBytes(nvm: Nvm, entry: TableEntry): Uint8Array {
  const length = entry.attributesLength;
  if (length === 0) return new Uint8Array(0);
  const section = new Section(nvm, entry.body + BODY.DATA + bodySize(entry), length + ATTRIBUTES_CRC_SIZE);
  section.check(length, `security attributes of file ${entry.index}`);
  return section.bytes(0, length);
}

function compiled(attributeBytes: Uint8Array, fid: number): SecurityAttributes {
  try {
    return readAttributes(attributeBytes);
  } catch (error) {
    if (!(error instanceof AccessRuleError)) throw error;
    throw new ImageError(`the card image is damaged: access rules of file ${hex(fid)}`);
  }
}

function addChild(directory: CardFile, file: CardFile): CardFile {
  if (directory.children.has(file.fid) || (file.sfi !== 0 && directory.bySfi[file.sfi] !== undefined)) {
    throw new ImageError(`the card image is damaged: two files ${hex(file.fid)} in one directory`);
  }
  directory.children.set(file.fid, file);
  if (file.sfi !== 0) directory.bySfi[file.sfi] = file;
  return file;
}

/** Life cycle, counts and lengths that a command would trust. */
function checkState(nvm: Nvm, file: CardFile): void {
  const state = new Section(nvm, file.body, BODY.DATA);
  const lifeCycle = state.byte(BODY.LIFE_CYCLE);
  if (!isLifeCycle(lifeCycle) || (lifeCycle ^ state.byte(BODY.LIFE_CYCLE + 1)) !== 0xff) {
    throw new ImageError(`the card image is damaged: life cycle of file ${hex(file.fid)}`);
  }
  if (file.hasDataObjects && state.u16(BODY.USED) > file.dataSize) {
    throw new ImageError(`the card image is damaged: data objects of file ${hex(file.fid)}`);
  }
  if (!file.hasRecords) return;
  const count = state.u16(BODY.RECORD_COUNT);
  const newest = state.u16(BODY.NEWEST);
  let sound = count <= file.capacity && newest < file.capacity;
  // A ring that has not gone round yet holds its records in the first slots.
  if (file.kind === FILE_KIND.CYCLIC && count > 0 && count < file.capacity) sound &&= newest === count - 1;
  if (file.kind === FILE_KIND.LINEAR_VARIABLE) {
    const slotSize = file.recordSize + SLOT_LENGTH_SIZE;
    for (let slot = 0; slot < count && sound; slot++) {
      const address = file.data + slot * slotSize;
      sound = ((nvm.readByte(address) << 8) | nvm.readByte(address + 1)) <= file.recordSize;
    }
  }
  if (!sound) throw new ImageError(`the card image is damaged: records of file ${hex(file.fid)}`);
}

function optional(entry: Section, at: number, lengthAt: number): Uint8Array | null {
  const length = entry.byte(lengthAt);
  return length === 0 ? null : entry.bytes(at, length);
}

function hex(fid: number): string {
  return toHex(Uint8Array.of(fid >> 8, fid & 0xff));
}
