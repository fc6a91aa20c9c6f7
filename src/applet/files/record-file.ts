import type { Nvm } from '../../hal/nvm.ts';
import { BODY, FILE_KIND } from '../image/layout.ts';
import type { TransactionalNvm } from '../nvm/transactional-nvm.ts';
import type { CardFile } from './card-file.ts';
import { eraseBytes, readU16, writeU16 } from './stored-bytes.ts';

/** Records of an EF by number, 1 being the first, and in a cyclic EF the newest. Nothing is kept between calls. */
export function recordCount(nvm: Nvm, file: CardFile): number {
  return readU16(nvm, file.body + BODY.RECORD_COUNT);
}

/** Slot of record `number`, which must be in the file. */
function slotOf(nvm: Nvm, file: CardFile, number: number): number {
  if (file.kind !== FILE_KIND.CYCLIC) return number - 1;
  const slot = readU16(nvm, file.body + BODY.NEWEST) - (number - 1);
  return slot < 0 ? slot + file.capacity : slot;
}

function slotAddress(nvm: Nvm, file: CardFile, number: number): number {
  return addressOfSlot(file, slotOf(nvm, file, number));
}

function addressOfSlot(file: CardFile, slot: number): number {
  return file.data + slot * file.slotSize;
}

/** Bytes of record `number`. */
export function recordLength(nvm: Nvm, file: CardFile, number: number): number {
  return file.slotPrefix > 0 ? readU16(nvm, slotAddress(nvm, file, number)) : file.recordSize;
}

/** Address of the first byte of record `number`. */
export function recordAddress(nvm: Nvm, file: CardFile, number: number): number {
  return slotAddress(nvm, file, number) + file.slotPrefix;
}

/**
 * Record `number` where it lies in the memory, to be read at once; null where it has to be copied: its length varies, a
 * transaction is open, or the memory does not lie in RAM. The view is kept, what it shows is not.
 */
export function recordInMemory(nvm: TransactionalNvm, file: CardFile, number: number): Uint8Array | null {
  if (file.slotPrefix > 0 || nvm.dirty) return null;
  const slot = slotOf(nvm, file, number);
  while (file.slots.length <= slot) file.slots.push(undefined);
  const known = file.slots[slot];
  if (known !== undefined) return known;
  const view = nvm.span(addressOfSlot(file, slot), file.recordSize);
  if (view !== null) file.slots[slot] = view;
  return view;
}

/** The record's identifier: its first byte (the tag of a TLV record), or 0 for an empty one. */
export function recordIdentifier(nvm: Nvm, file: CardFile, number: number): number {
  return recordLength(nvm, file, number) === 0 ? 0 : nvm.readByte(recordAddress(nvm, file, number));
}

/** Whether a whole record may have this length: the one of all records, or up to the longest of a variable file. */
export function acceptsRecordLength(file: CardFile, length: number): boolean {
  return file.kind === FILE_KIND.LINEAR_VARIABLE ? length <= file.recordSize : length === file.recordSize;
}

/** Whether another record can be appended; a cyclic file gives up its oldest one for it. */
export function hasRoomForRecord(nvm: Nvm, file: CardFile): boolean {
  return file.kind === FILE_KIND.CYCLIC || recordCount(nvm, file) < file.capacity;
}

/** Puts a whole record in the place of record `number`; its length must be accepted. */
export function replaceRecord(
  nvm: Nvm,
  file: CardFile,
  number: number,
  source: Uint8Array,
  offset: number,
  length: number,
  scratch: Uint8Array,
): void {
  putIntoSlot(nvm, file, slotAddress(nvm, file, number), source, offset, length, scratch);
}

/**
 * Adds a whole record: the last one, or record 1 of a cyclic file. There must be room and its length be accepted.
 * @returns its number
 */
export function appendRecord(
  nvm: Nvm,
  file: CardFile,
  source: Uint8Array,
  offset: number,
  length: number,
  scratch: Uint8Array,
): number {
  const count = recordCount(nvm, file);
  const cyclic = file.kind === FILE_KIND.CYCLIC;
  const newest = readU16(nvm, file.body + BODY.NEWEST);
  const slot = cyclic && count > 0 ? (newest + 1) % file.capacity : count;
  putIntoSlot(nvm, file, addressOfSlot(file, slot), source, offset, length, scratch);
  if (count < file.capacity) writeU16(nvm, file.body + BODY.RECORD_COUNT, count + 1, scratch);
  if (cyclic) writeU16(nvm, file.body + BODY.NEWEST, slot, scratch);
  return cyclic ? 1 : count + 1;
}

/**
 * Sets the bytes of records `first` to `last` to the erased state; they stay, and keep their lengths. Slots are written
 * whole and in the order in which they lie, so that it is one stretch of memory, or two in a cyclic file.
 */
export function eraseRecords(nvm: Nvm, file: CardFile, first: number, last: number, scratch: Uint8Array): void {
  const cyclic = file.kind === FILE_KIND.CYCLIC;
  for (let count = 0; count <= last - first; count++) {
    const number = cyclic ? last - count : first + count;
    const length = recordLength(nvm, file, number);
    const address = slotAddress(nvm, file, number);
    const prefix = file.slotPrefix;
    if (prefix > 0) writeU16(nvm, address, length, scratch);
    eraseBytes(nvm, address + prefix, file.recordSize, scratch);
  }
}

function putIntoSlot(
  nvm: Nvm,
  file: CardFile,
  address: number,
  source: Uint8Array,
  offset: number,
  length: number,
  scratch: Uint8Array,
): void {
  const prefix = file.slotPrefix;
  if (prefix > 0) writeU16(nvm, address, length, scratch);
  nvm.write(address + prefix, source, offset, length);
}
