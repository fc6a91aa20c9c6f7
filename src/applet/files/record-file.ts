import type { Nvm } from '../../hal/nvm.ts';
import { BODY, FILE_KIND, SLOT_LENGTH_SIZE } from '../image/layout.ts';
import type { CardFile } from './card-file.ts';

/** Records of an EF by number, 1 being the first, and in a cyclic EF the newest. Nothing is kept between calls. */
export function recordCount(nvm: Nvm, file: CardFile): number {
  return readU16(nvm, file.body + BODY.RECORD_COUNT);
}

/** Address of the slot of record `number`, which must be in the file. */
function slotAddress(nvm: Nvm, file: CardFile, number: number): number {
  let slot = number - 1;
  if (file.kind === FILE_KIND.CYCLIC) {
    slot = readU16(nvm, file.body + BODY.NEWEST) - slot;
    if (slot < 0) slot += file.capacity;
  }
  const prefix = file.kind === FILE_KIND.LINEAR_VARIABLE ? SLOT_LENGTH_SIZE : 0;
  return file.data + slot * (file.recordSize + prefix);
}

/** Bytes of record `number`. */
export function recordLength(nvm: Nvm, file: CardFile, number: number): number {
  return file.kind === FILE_KIND.LINEAR_VARIABLE ? readU16(nvm, slotAddress(nvm, file, number)) : file.recordSize;
}

/** Address of the first byte of record `number`. */
export function recordAddress(nvm: Nvm, file: CardFile, number: number): number {
  const prefix = file.kind === FILE_KIND.LINEAR_VARIABLE ? SLOT_LENGTH_SIZE : 0;
  return slotAddress(nvm, file, number) + prefix;
}

/** The record's identifier: its first byte (the tag of a TLV record), or 0 for an empty one. */
export function recordIdentifier(nvm: Nvm, file: CardFile, number: number): number {
  return recordLength(nvm, file, number) === 0 ? 0 : nvm.readByte(recordAddress(nvm, file, number));
}

function readU16(nvm: Nvm, address: number): number {
  return (nvm.readByte(address) << 8) | nvm.readByte(address + 1);
}
