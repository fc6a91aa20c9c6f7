/** Which part of a data object is wrong. */
export type TlvFault = 'tag' | 'length' | 'value' | 'depth' | 'space';

/** A malformed BER-TLV data object, with the offset at which it starts in the bytes that were given. */
export class TlvError extends Error {
  readonly fault: TlvFault;
  readonly offset: number;

  constructor(fault: TlvFault, offset: number, message: string) {
    super(`${message} at offset ${offset}`);
    this.name = 'TlvError';
    this.fault = fault;
    this.offset = offset;
  }
}

/** Deepest nesting that a reader follows: more than any card file has, few enough for a small stack. */
export const TLV_DEPTH_LIMIT = 16;

/**
 * Walks over concatenated BER-TLV data objects as ISO/IEC 7816-4 restricts them: tags of up to four bytes in
 * their shortest form, definite lengths of up to four bytes. Zero bytes before, between and after objects are
 * padding. Lengths need not be the shortest (legal BER); the writer makes the shortest.
 *
 * The reader is a cursor: `next` moves it and the fields describe the object it stands on.
 */
export class TlvReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #depth: number;
  #position: number;

  /** Tag bytes as one number: 0x84, 0x7F49, 0xDF8101. */
  tag = 0;
  /** Where the object starts in the bytes given. */
  start = 0;
  valueOffset = 0;
  valueLength = 0;
  constructed = false;

  constructor(bytes: Uint8Array, offset = 0, length: number = bytes.length - offset, depth = 0) {
    if (offset < 0 || length < 0 || offset + length > bytes.length) throw new RangeError('outside the bytes given');
    if (depth > TLV_DEPTH_LIMIT) throw new TlvError('depth', offset, `nested deeper than ${TLV_DEPTH_LIMIT} levels`);
    this.#bytes = bytes;
    this.#position = offset;
    this.#end = offset + length;
    this.#depth = depth;
  }

  /**
   * Moves to the next object.
   * @returns false at the end of the bytes
   * @throws {TlvError} the object is malformed or reaches over the end
   */
  next(): boolean {
    const bytes = this.#bytes;
    let at = this.#position;
    while (at < this.#end && bytes[at] === 0x00) at++;
    if (at >= this.#end) {
      this.#position = at;
      return false;
    }
    this.start = at;
    at = this.#readTag(at);
    at = this.#readLength(at);
    if (this.valueLength > this.#end - at) {
      throw new TlvError('value', this.start, `${this.valueLength} bytes announced, ${this.#end - at} there`);
    }
    this.valueOffset = at;
    this.#position = at + this.valueLength;
    return true;
  }

  /** The bytes of the value, without a copy. */
  value(): Uint8Array {
    return this.#bytes.subarray(this.valueOffset, this.valueOffset + this.valueLength);
  }

  /**
   * A reader over the objects inside the current, constructed one.
   * @throws {TlvError} `depth` beyond {@link TLV_DEPTH_LIMIT}
   */
  enter(): TlvReader {
    return new TlvReader(this.#bytes, this.valueOffset, this.valueLength, this.#depth + 1);
  }

  #readTag(at: number): number {
    const bytes = this.#bytes;
    const first = bytes[at++] as number;
    this.constructed = (first & 0x20) !== 0;
    if ((first & 0x1f) !== 0x1f) {
      this.tag = first;
      return at;
    }
    let tag = first;
    let number = 0;
    for (let count = 1; ; count++) {
      if (at >= this.#end) throw new TlvError('tag', this.start, 'tag cut short');
      if (count > 3) throw new TlvError('tag', this.start, 'tag longer than four bytes');
      const byte = bytes[at++] as number;
      if (count === 1 && byte === 0x80) throw new TlvError('tag', this.start, 'tag number with a leading zero');
      tag = tag * 256 + byte;
      number = number * 128 + (byte & 0x7f);
      if ((byte & 0x80) === 0) break;
    }
    if (number < 31) throw new TlvError('tag', this.start, `tag number ${number} not in its one-byte form`);
    this.tag = tag;
    return at;
  }

  #readLength(at: number): number {
    const bytes = this.#bytes;
    if (at >= this.#end) throw new TlvError('length', this.start, 'length missing');
    const first = bytes[at++] as number;
    if (first < 0x80) {
      this.valueLength = first;
      return at;
    }
    const count = first & 0x7f;
    if (count === 0) throw new TlvError('length', this.start, 'indefinite length');
    if (count > 4) throw new TlvError('length', this.start, `length of ${count} bytes`);
    if (at + count > this.#end) throw new TlvError('length', this.start, 'length cut short');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[at++] as number);
    this.valueLength = length;
    return at;
  }
}

/**
 * The value of the first object with this tag at the top level of `bytes`, without a copy, or null.
 * @throws {TlvError} an object before it is malformed
 */
export function findTlv(bytes: Uint8Array, tag: number): Uint8Array | null {
  const reader = new TlvReader(bytes);
  while (reader.next()) if (reader.tag === tag) return reader.value();
  return null;
}
