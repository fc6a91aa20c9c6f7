/**
 * The data objects of secure messaging (ISO/IEC 7816-4; BSI TR-03110-3 F.3, table 32), found in a data field without
 * copying. A length that reaches over the end is never believed.
 */
export const DO = {
  /** Plain value, authenticated only. */
  PLAIN: 0x81,
  /** Cryptogram whose plain value is BER-TLV: the form of odd instructions. */
  CRYPTOGRAM_TLV: 0x85,
  /** Padding-content indicator and cryptogram. */
  CRYPTOGRAM: 0x87,
  /** Command header, for classes that do not authenticate it by themselves. */
  HEADER: 0x89,
  MAC: 0x8e,
  LE: 0x97,
  STATUS: 0x99,
} as const;

/** Padding-content indicator: padded as ISO/IEC 7816-4 has it. */
export const PADDED = 0x01;

/** A cursor over data objects with tags of one byte. It allocates nothing and can be used again. */
export class DataObjectCursor {
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #next = 0;
  tag = 0;
  /** Where the object starts. */
  start = 0;
  offset = 0;
  length = 0;

  over(bytes: Uint8Array, offset: number, length: number): void {
    this.#bytes = bytes;
    this.#next = offset;
    this.#end = offset + length;
  }

  /** Whether all the bytes were walked over. */
  get atEnd(): boolean {
    return this.#next === this.#end;
  }

  /** Moves to the next object. @returns false at the end, and for an object that is none or reaches over the end */
  next(): boolean {
    const bytes = this.#bytes;
    let at = this.#next;
    if (at + 2 > this.#end) return false;
    this.start = at;
    this.tag = bytes[at++] as number;
    let length = bytes[at++] as number;
    if (length > 0x80) {
      const count = length & 0x7f;
      if (count > 4 || count > this.#end - at) return false;
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[at++] as number);
    } else if (length === 0x80) {
      return false;
    }
    if (length > this.#end - at) return false;
    this.offset = at;
    this.length = length;
    this.#next = at + length;
    return true;
  }

  /** Whether the object it stands on has this tag. */
  is(tag: number): boolean {
    return this.tag === tag;
  }

  /** Where the next object would start. */
  get position(): number {
    return this.#next;
  }
}

/** Bytes of tag and length of an object with a tag of one byte. */
export function headerLength(length: number): number {
  return length < 0x80 ? 2 : length < 0x100 ? 3 : length < 0x1_0000 ? 4 : 5;
}

/** Writes tag and shortest length. @returns the offset after them */
export function putHeader(target: Uint8Array, offset: number, tag: number, length: number): number {
  target[offset++] = tag;
  const size = headerLength(length) - 2;
  if (size > 0) target[offset++] = 0x80 | size;
  for (let shift = Math.max(size - 1, 0); shift >= 0; shift--) target[offset++] = (length >>> (8 * shift)) & 0xff;
  return offset;
}
