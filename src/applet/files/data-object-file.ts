import { lengthOfLength } from '../../apdu/ber-tlv-writer.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { BODY } from '../image/layout.ts';
import type { CardFile } from './card-file.ts';
import { moveBytesDown, readU16, writeU16 } from './stored-bytes.ts';

/** Bytes that the data objects of an EF take; the rest of the file is free. */
export function usedBytes(nvm: Nvm, file: CardFile): number {
  return readU16(nvm, file.body + BODY.USED);
}

/**
 * A cursor over the data objects of an EF, in the order in which they are stored. Zero bytes between them are passed
 * over. Positions are addresses in the image.
 */
export class StoredDataObject {
  /** Tag bytes as one number: 0x84, 0x7F49. */
  tag = 0;
  start = 0;
  value = 0;
  valueLength = 0;
  readonly #nvm: Nvm;
  readonly #end: number;
  #next: number;

  /** Before the first object. */
  constructor(nvm: Nvm, file: CardFile) {
    this.#nvm = nvm;
    this.#next = file.data;
    this.#end = file.data + usedBytes(nvm, file);
  }

  /** Bytes of tag, length and value. */
  get size(): number {
    return this.value + this.valueLength - this.start;
  }

  /** Moves to the next object. @returns false at the end, or where the content is no data object */
  next(): boolean {
    const nvm = this.#nvm;
    let at = this.#next;
    while (at < this.#end && nvm.readByte(at) === 0) at++;
    this.start = at;
    at = this.#readTag(at);
    if (at >= this.#end) return false;
    at = this.#readLength(at);
    if (at < 0 || this.valueLength > this.#end - at) return false;
    this.value = at;
    this.#next = at + this.valueLength;
    return true;
  }

  /** @returns the address behind the tag */
  #readTag(at: number): number {
    if (at >= this.#end) return at;
    this.tag = this.#nvm.readByte(at++);
    if ((this.tag & 0x1f) !== 0x1f) return at;
    let byte = 0x80;
    while ((byte & 0x80) !== 0 && at < this.#end) {
      byte = this.#nvm.readByte(at++);
      this.tag = this.tag * 256 + byte;
    }
    return at;
  }

  /** @returns the address behind the length, or -1 for none */
  #readLength(at: number): number {
    const first = this.#nvm.readByte(at++);
    const count = first & 0x7f;
    this.valueLength = first;
    if (first < 0x80) return at;
    if (count === 0 || count > 4 || at + count > this.#end) return -1;
    this.valueLength = 0;
    for (let i = 0; i < count; i++) this.valueLength = this.valueLength * 256 + this.#nvm.readByte(at++);
    return at;
  }
}

/** The first object with a tag, or null. */
export function findDataObject(nvm: Nvm, file: CardFile, tag: number): StoredDataObject | null {
  const object = new StoredDataObject(nvm, file);
  while (object.next()) if (object.tag === tag) return object;
  return null;
}

/** A data object to be stored; its value lies in bytes that are given with it. An empty one removes what is there. */
export interface NewDataObject {
  readonly tag: number;
  readonly valueOffset: number;
  readonly valueLength: number;
}

/** Bytes that it takes when stored, with the shortest length; none when it is empty. */
function storedSize(object: NewDataObject): number {
  const { tag, valueLength } = object;
  return valueLength === 0 ? 0 : tagSize(tag) + lengthOfLength(valueLength) + valueLength;
}

/** Bytes of a tag given as one number. */
export function tagSize(tag: number): number {
  return tag > 0xffffff ? 4 : tag > 0xffff ? 3 : tag > 0xff ? 2 : 1;
}

/** Whether there is room for the objects, each in the place of what has its tag. Their tags differ. */
export function hasRoomForDataObjects(nvm: Nvm, file: CardFile, objects: readonly NewDataObject[]): boolean {
  let size = 0;
  for (const object of objects) size += storedSize(object);
  const stored = new StoredDataObject(nvm, file);
  while (stored.next()) if (!objects.some((object) => object.tag === stored.tag)) size += stored.size;
  return size <= file.dataSize;
}

/**
 * Stores data objects: those with the same tags go, the others move together, the new ones follow them. There must be
 * room. Each byte of the file is written once at most.
 */
export function putDataObjects(
  nvm: Nvm,
  file: CardFile,
  objects: readonly NewDataObject[],
  source: Uint8Array,
  scratch: Uint8Array,
): void {
  const stored = new StoredDataObject(nvm, file);
  let end = file.data;
  while (stored.next()) {
    if (objects.some((object) => object.tag === stored.tag)) continue;
    const { start, size } = stored;
    if (start !== end) moveBytesDown(nvm, start, end, size, scratch);
    end += size;
  }
  for (const object of objects) {
    if (object.valueLength === 0) continue;
    const headerLength = writeHeader(object, scratch);
    nvm.write(end, scratch, 0, headerLength);
    nvm.write(end + headerLength, source, object.valueOffset, object.valueLength);
    end += headerLength + object.valueLength;
  }
  writeU16(nvm, file.body + BODY.USED, end - file.data, scratch);
}

/** @returns bytes of tag and length, from the first byte of `target` */
function writeHeader(object: NewDataObject, target: Uint8Array): number {
  const { tag, valueLength } = object;
  let at = 0;
  for (let shift = 8 * (tagSize(tag) - 1); shift >= 0; shift -= 8) target[at++] = (tag >>> shift) & 0xff;
  const size = lengthOfLength(valueLength);
  if (size > 1) target[at++] = 0x80 | (size - 1);
  for (let shift = 8 * Math.max(size - 2, 0); shift >= 0; shift -= 8) target[at++] = (valueLength >>> shift) & 0xff;
  return at;
}
