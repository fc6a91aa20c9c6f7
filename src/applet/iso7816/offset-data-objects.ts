import type { CommandApdu } from '../../apdu/command.ts';
import { SW } from '../../apdu/status-word.ts';

const OFFSET_TAG = 0x54;
/** Discretionary data: bytes, or data objects; what is inside is the same to a file. */
const DATA_TAG = 0x53;
const DATA_TEMPLATE_TAG = 0x73;
/** Longest offset, in bytes. */
const LONGEST_OFFSET = 4;

/** Tag of the data object in which a response carries bytes of a file. */
export const DISCRETIONARY_DATA_TAG: number = DATA_TAG;

/**
 * The data field of a command with an odd INS that works on part of a file or record (ISO/IEC 7816-4): up to two
 * offset data objects 54 of one to four bytes, and one data object 53 or 73 around bytes, in any order. Made once and
 * used again: {@link parse} allocates nothing.
 */
export class OffsetDataObjects {
  /** Offsets that were given, 0 to 2. */
  offsets = 0;
  first = 0;
  second = 0;
  /** Whether there is a 53 or 73; its value lies in the command's bytes and may be empty. */
  hasData = false;
  dataOffset = 0;
  dataLength = 0;

  /**
   * Takes the data field apart. Zero bytes between objects are padding.
   * @returns 9000; 6A80 another data object, too many of one, or a malformed one; 6A85 one that is longer than the field
   */
  parse(command: CommandApdu): number {
    this.offsets = 0;
    this.hasData = false;
    this.dataOffset = 0;
    this.dataLength = 0;
    const bytes = command.bytes;
    const end = command.dataOffset + command.nc;
    let at = command.dataOffset;
    while (at < end) {
      const tag = bytes[at++] as number;
      if (tag === 0x00) continue;
      const sizeOfLength = lengthFieldSize(bytes, at, end);
      if (sizeOfLength === 0) return SW.WRONG_DATA;
      const length = lengthField(bytes, at, sizeOfLength);
      at += sizeOfLength;
      if (length > end - at) return SW.NC_INCONSISTENT_WITH_TLV;
      if (!this.#take(tag, bytes, at, length)) return SW.WRONG_DATA;
      at += length;
    }
    return SW.OK;
  }

  #take(tag: number, bytes: Uint8Array, at: number, length: number): boolean {
    if (tag === OFFSET_TAG) {
      if (this.offsets === 2 || length === 0 || length > LONGEST_OFFSET) return false;
      const value = bigEndian(bytes, at, length);
      if (this.offsets++ === 0) this.first = value;
      else this.second = value;
      return true;
    }
    if ((tag !== DATA_TAG && tag !== DATA_TEMPLATE_TAG) || this.hasData) return false;
    this.hasData = true;
    this.dataOffset = at;
    this.dataLength = length;
    return true;
  }
}

/** A number of `length` bytes, at most 4. */
export function bigEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + (bytes[at + i] as number);
  return value;
}

/** Bytes that the length field takes, or 0 for one that is no length in ISO/IEC 7816. */
function lengthFieldSize(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const size = 1 + (first & 0x7f);
  return size > 1 && size <= 5 && at + size <= end ? size : 0;
}

function lengthField(bytes: Uint8Array, at: number, size: number): number {
  return size === 1 ? (bytes[at] as number) : bigEndian(bytes, at + 1, size - 1);
}
