/** Frames on the PN532's host line, as the chip reads and writes them. Written apart from the driver's codec on purpose. */

export const FROM_HOST = 0xd4;
export const TO_HOST = 0xd5;

/** The largest LEN that firmware 1.6 takes or sends: TFI, command code and 263 bytes. */
export const LARGEST_LENGTH = 265;

export const ACK_FRAME: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0x00, 0xff, 0x00);
/** Syntax error at the level of commands; has no TFI. */
export const ERROR_FRAME: Uint8Array = Uint8Array.of(0x00, 0x00, 0xff, 0x01, 0xff, 0x7f, 0x81, 0x00);

/** `damaged`: a checksum is wrong, or the frame is longer than the chip takes. */
export type HostFrame =
  | { readonly kind: 'ack' | 'nack' | 'damaged' }
  | { readonly kind: 'data'; readonly tfi: number; readonly payload: Uint8Array };

const ACK: HostFrame = { kind: 'ack' };
const NACK: HostFrame = { kind: 'nack' };
const DAMAGED: HostFrame = { kind: 'damaged' };

type Place = 'preamble' | 'length' | 'length checksum' | 'long length' | 'data' | 'data checksum';

/** Finds frames in bytes as they come; anything before a start code is preamble. */
export class HostFrameReceiver {
  #place: Place = 'preamble';
  #last = 0xff;
  #length = 0;
  #head: number[] = [];
  #data: number[] = [];

  /** Whether a frame has begun. */
  get inFrame(): boolean {
    return this.#place !== 'preamble';
  }

  reset(): void {
    this.#place = 'preamble';
    this.#last = 0xff;
  }

  /** @returns the frame that this byte ends, or null */
  push(byte: number): HostFrame | null {
    switch (this.#place) {
      case 'preamble':
        if (this.#last === 0x00 && byte === 0xff) this.#place = 'length';
        this.#last = byte;
        return null;
      case 'length':
        this.#length = byte;
        this.#place = 'length checksum';
        return null;
      case 'length checksum':
        return this.#lengthChecksum(byte);
      case 'long length':
        this.#head.push(byte);
        if (this.#head.length < 3) return null;
        this.#length = (this.#head[0]! << 8) | this.#head[1]!;
        return this.#begin(this.#head[0]! + this.#head[1]! + byte);
      case 'data':
        this.#data.push(byte);
        if (this.#data.length === this.#length) this.#place = 'data checksum';
        return null;
      case 'data checksum': {
        this.reset();
        const sum = this.#data.reduce((total, each) => total + each, byte);
        if ((sum & 0xff) !== 0) return DAMAGED;
        return { kind: 'data', tfi: this.#data[0]!, payload: Uint8Array.from(this.#data.slice(1)) };
      }
    }
  }

  #lengthChecksum(byte: number): HostFrame | null {
    if (this.#length === 0x00 && byte === 0xff) return this.#end(ACK);
    if (this.#length === 0xff && byte === 0x00) return this.#end(NACK);
    if (this.#length === 0xff && byte === 0xff) {
      this.#head = [];
      this.#place = 'long length';
      return null;
    }
    return this.#begin(this.#length + byte);
  }

  #begin(sum: number): HostFrame | null {
    if ((sum & 0xff) !== 0 || this.#length === 0 || this.#length > LARGEST_LENGTH) return this.#end(DAMAGED);
    this.#data = [];
    this.#place = 'data';
    return null;
  }

  #end(frame: HostFrame): HostFrame {
    this.reset();
    return frame;
  }
}

/** @param payload response code and data, 1 to 264 bytes @param bare without preamble and postamble */
export function frameToHost(payload: Uint8Array, bare = false): Uint8Array {
  const length = payload.length + 1;
  if (length > LARGEST_LENGTH) throw new RangeError(`the chip sends frames of up to ${LARGEST_LENGTH}, not ${length}`);
  const head =
    length <= 0xff
      ? [length, -length & 0xff]
      : [0xff, 0xff, length >> 8, length & 0xff, -((length >> 8) + (length & 0xff)) & 0xff];
  const sum = payload.reduce((total, each) => total + each, TO_HOST);
  return Uint8Array.from([
    ...(bare ? [] : [0x00]),
    0x00,
    0xff,
    ...head,
    TO_HOST,
    ...payload,
    -sum & 0xff,
    ...(bare ? [] : [0x00]),
  ]);
}
