/**
 * Frames of the PN532 on its serial interfaces, for both ends of the line.
 *
 * | frame | bytes |
 * |---|---|
 * | normal | `00 00 FF LEN LCS TFI PD0..PDn DCS 00` |
 * | extended | `00 00 FF FF FF LENM LENL LCS TFI PD0..PDn DCS 00` |
 * | ACK, NACK | `00 00 FF 00 FF 00`, `00 00 FF FF 00 00` |
 * | error | `00 00 FF 01 FF 7F 81 00` |
 *
 * LEN counts TFI and data; LEN + LCS and TFI + data + DCS are 0 modulo 256. Preamble and postamble may be of any
 * length, none included: a frame begins at its start code `00 FF` and ends with its DCS.
 */

/** Frame identifier: who speaks. */
export const TFI = { hostToChip: 0xd4, chipToHost: 0xd5 } as const;

/** The command code and 263 bytes: the firmware holds frames up to LEN 265. */
export const LARGEST_PAYLOAD = 264;

export const ACK: Readonly<Uint8Array> = Uint8Array.of(0x00, 0x00, 0xff, 0x00, 0xff, 0x00);
export const NACK: Readonly<Uint8Array> = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x00, 0x00);
/** The chip did not understand the frame or its command. */
export const ERROR_FRAME: Readonly<Uint8Array> = Uint8Array.of(0x00, 0x00, 0xff, 0x01, 0xff, 0x7f, 0x81, 0x00);

const LARGEST_LEN = LARGEST_PAYLOAD + 1;
const LARGEST_NORMAL_LEN = 255;
const ERROR_TFI = 0x7f;
/** Start code, five bytes of extended header, the data and the DCS. */
const LARGEST_FRAME = 2 + 5 + LARGEST_LEN + 1;

/**
 * @param tfi `TFI.hostToChip` or `TFI.chipToHost`
 * @param payload command code and its data, 1 to 264 bytes
 * @param form `extended` for the long form where the short one would do
 * @throws {RangeError} when the payload is empty or too long
 */
export function encodeFrame(tfi: number, payload: Uint8Array, form: 'shortest' | 'extended' = 'shortest'): Uint8Array {
  const len = payload.length + 1;
  if (len < 2 || len > LARGEST_LEN) throw new RangeError(`a frame carries 1 to 264 bytes, not ${payload.length}`);
  const extended = form === 'extended' || len > LARGEST_NORMAL_LEN;
  const data = extended ? 8 : 5;
  const frame = new Uint8Array(data + len + 2);
  frame[2] = 0xff;
  if (extended) {
    frame[3] = frame[4] = 0xff;
    frame[5] = len >> 8;
    frame[6] = len;
    frame[7] = -((len >> 8) + len);
  } else {
    frame[3] = len;
    frame[4] = -len;
  }
  frame[data] = tfi;
  frame.set(payload, data + 1);
  frame[data + len] = -sum(frame, data, len);
  return frame;
}

/** A frame as it was received. */
export type FrameEvent =
  | { readonly kind: 'ack' | 'nack' | 'error' }
  /** A frame whose length or data checksum is wrong. It was thrown away; the receiver may ask for it with a NACK. */
  | { readonly kind: 'damaged' }
  | {
      readonly kind: 'data';
      readonly tfi: number;
      /** Command code and its data; valid during the call only. */
      readonly payload: Uint8Array;
    };

const ACK_EVENT: FrameEvent = { kind: 'ack' };
const NACK_EVENT: FrameEvent = { kind: 'nack' };
const ERROR_EVENT: FrameEvent = { kind: 'error' };
const DAMAGED_EVENT: FrameEvent = { kind: 'damaged' };

/**
 * Finds the frames in a stream of bytes that comes in pieces of any size, with anything between the frames.
 *
 * A frame that was begun and does not come to its end holds up what follows it: whoever has a clock calls `reset` when
 * the line was quiet for longer than a sender pauses inside a frame.
 */
export class FrameReader {
  readonly #buffer: Uint8Array = new Uint8Array(2 * LARGEST_FRAME);
  readonly #tfi: number | null;
  #start = 0;
  #end = 0;
  #skipped = 0;

  /** @param tfi only data frames with this identifier are told of; null for both directions, as a listener needs */
  constructor(tfi: number | null = null) {
    this.#tfi = tfi;
  }

  /** Whether a start code was seen and its frame has not ended. */
  get midFrame(): boolean {
    return this.#end - this.#start > 1;
  }

  /** Bytes so far that were in no frame and are not the zeros between frames: noise, or a frame's ruins. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Forgets what was received and is no whole frame yet. */
  reset(): void {
    this.#start = this.#end = 0;
  }

  /** @param onFrame called for each frame that ends in this chunk, in their order; it may call `reset` */
  push(chunk: Uint8Array, onFrame: (event: FrameEvent) => void): void {
    let taken = 0;
    while (taken < chunk.length) {
      if (this.#end > LARGEST_FRAME) this.#compact();
      const size = Math.min(chunk.length - taken, this.#buffer.length - this.#end);
      this.#buffer.set(chunk.subarray(taken, taken + size), this.#end);
      this.#end += size;
      taken += size;
      while (this.#next(onFrame));
    }
  }

  #compact(): void {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Takes one frame, or one start code that leads nowhere. @returns false when more bytes are needed */
  #next(onFrame: (event: FrameEvent) => void): boolean {
    const bytes = this.#buffer;
    if (!this.#findStartCode()) return false;
    const at = this.#start + 2;
    if (at + 2 > this.#end) return false;
    const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
    if (first === 0x00 && second === 0xff) return this.#take(at + 2, ACK_EVENT, onFrame);
    if (first === 0xff && second === 0x00) return this.#take(at + 2, NACK_EVENT, onFrame);
    if (first !== 0xff || second !== 0xff) {
      if (((first + second) & 0xff) !== 0) return this.#take(at, DAMAGED_EVENT, onFrame);
      return this.#data(at + 2, first, onFrame);
    }
    if (at + 5 > this.#end) return false;
    const [high, low, check] = [bytes[at + 2] as number, bytes[at + 3] as number, bytes[at + 4] as number];
    if (((high + low + check) & 0xff) !== 0) return this.#take(at, DAMAGED_EVENT, onFrame);
    return this.#data(at + 5, (high << 8) | low, onFrame);
  }

  #data(at: number, len: number, onFrame: (event: FrameEvent) => void): boolean {
    // No frame of this chip: the bytes behind the start code may still hold one.
    if (len === 0 || len > LARGEST_LEN) return this.#take(at - 2, null, onFrame);
    const dcs = at + len;
    if (dcs >= this.#end) return false;
    // Its length was right, so the bytes inside are data: they are not searched for frames.
    if ((sum(this.#buffer, at, len + 1) & 0xff) !== 0) return this.#take(dcs + 1, DAMAGED_EVENT, onFrame);
    const tfi = this.#buffer[at] as number;
    if (len === 1) return this.#take(dcs + 1, tfi === ERROR_TFI ? ERROR_EVENT : null, onFrame);
    const known = this.#tfi === null ? tfi === TFI.hostToChip || tfi === TFI.chipToHost : tfi === this.#tfi;
    const payload = this.#buffer.subarray(at + 1, dcs);
    return this.#take(dcs + 1, known ? { kind: 'data', tfi, payload } : null, onFrame);
  }

  #take(next: number, event: FrameEvent | null, onFrame: (event: FrameEvent) => void): boolean {
    this.#start = next;
    if (event !== null) onFrame(event);
    return true;
  }

  /** Moves the start to the next `00 FF`; without one, to the last byte if it may be the first half of one. */
  #findStartCode(): boolean {
    const bytes = this.#buffer;
    for (; this.#start < this.#end; this.#start++) {
      if (bytes[this.#start] !== 0x00) {
        this.#skipped++;
        continue;
      }
      if (this.#start + 1 === this.#end) return false;
      if (bytes[this.#start + 1] === 0xff) return true;
    }
    this.#start = this.#end = 0;
    return false;
  }
}

function sum(bytes: Uint8Array, offset: number, length: number): number {
  let total = 0;
  for (let i = offset; i < offset + length; i++) total += bytes[i] as number;
  return total;
}
