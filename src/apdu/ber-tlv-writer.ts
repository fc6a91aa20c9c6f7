import { TLV_DEPTH_LIMIT, TlvError } from './ber-tlv-reader.ts';
import { copyBytes } from './copy-bytes.ts';

/**
 * Writes BER-TLV data objects with the shortest lengths, into a buffer that is made once: nothing is allocated
 * by a call. A template is opened with room for one length byte and widened when it is closed.
 */
export class TlvWriter {
  #bytes: Uint8Array;
  #position: number;
  readonly #open = new Int32Array(TLV_DEPTH_LIMIT);
  #depth = 0;
  #start = 0;

  /** Over a buffer of its own of `capacity` bytes, or over the caller's, from its first byte. */
  constructor(target: number | Uint8Array) {
    this.#bytes = typeof target === 'number' ? new Uint8Array(target) : target;
    this.#position = 0;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#position - this.#start;
  }

  /** Starts again at `offset` of the buffer. */
  restart(offset = 0): void {
    this.#start = offset;
    this.#position = offset;
    this.#depth = 0;
  }

  /** Opens a template; every {@link open} needs its {@link close}. @throws {TlvError} `depth`, `space` */
  open(tag: number): void {
    if (this.#depth >= TLV_DEPTH_LIMIT) throw new TlvError('depth', this.#position, 'nested too deep');
    this.#tag(tag);
    this.#need(1);
    this.#bytes[this.#position++] = 0;
    this.#open[this.#depth++] = this.#position;
  }

  close(): void {
    if (this.#depth === 0) throw new Error('no template is open');
    const valueStart = this.#open[--this.#depth] as number;
    const length = this.#position - valueStart;
    const extra = lengthOfLength(length) - 1;
    if (extra > 0) {
      this.#need(extra);
      this.#bytes.copyWithin(valueStart + extra, valueStart, this.#position);
      this.#position += extra;
    }
    this.#putLength(valueStart - 1, length);
  }

  /** A data object with bytes as its value. */
  primitive(tag: number, value: Uint8Array): void {
    this.header(tag, value.length);
    this.raw(value);
  }

  /** A data object with an unsigned number as its value, in `size` bytes, big-endian. */
  number(tag: number, value: number, size: number): void {
    this.header(tag, size);
    this.#need(size);
    for (let shift = size - 1; shift >= 0; shift--) {
      this.#bytes[this.#position++] = Math.floor(value / 256 ** shift) & 0xff;
    }
  }

  /** Tag and length alone; `length` bytes of value must follow by {@link raw} or {@link byte}. */
  header(tag: number, length: number): void {
    this.#tag(tag);
    const size = lengthOfLength(length);
    this.#need(size);
    this.#putLength(this.#position, length);
    this.#position += size;
  }

  raw(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  byte(value: number): void {
    this.#need(1);
    this.#bytes[this.#position++] = value;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    if (this.#depth !== 0) throw new Error('a template is still open');
    return copyBytes(this.#bytes, this.#start, this.#position);
  }

  #tag(tag: number): void {
    const size = tag > 0xffffff ? 4 : tag > 0xffff ? 3 : tag > 0xff ? 2 : 1;
    this.#need(size);
    for (let shift = size - 1; shift >= 0; shift--) this.#bytes[this.#position++] = (tag >>> (8 * shift)) & 0xff;
  }

  #putLength(at: number, length: number): void {
    const size = lengthOfLength(length);
    if (size > 1) this.#bytes[at++] = 0x80 | (size - 1);
    for (let shift = Math.max(size - 2, 0); shift >= 0; shift--) this.#bytes[at++] = (length >>> (8 * shift)) & 0xff;
  }

  #need(count: number): void {
    if (this.#position + count > this.#bytes.length) throw new TlvError('space', this.#position, 'no room left');
  }
}

/** Bytes that a length takes: 1 up to 127, then 2 to 5. */
export function lengthOfLength(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x100) return 2;
  if (length < 0x10000) return 3;
  return length < 0x1000000 ? 4 : 5;
}
