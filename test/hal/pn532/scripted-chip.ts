import { ACK, encodeFrame, FrameReader, TFI } from '../../../src/hal/pn532/frame.ts';
import { MemorySerialCable, type SerialCableOptions } from '../../../src/hal/serial/memory.ts';
import type { SerialLine } from '../../../src/hal/serial-line.ts';

export const HOST_PATH = '/dev/host';
const CHIP_PATH = '/dev/chip';

/** What a scripted chip does with a command: bytes to send, in turn. */
export type Reaction = readonly Uint8Array[];

/** The far end of a cable that answers as it is told, byte for byte, and notes what it hears. */
export class ScriptedChip {
  readonly cable: MemorySerialCable;
  /** Hexadecimal: commands with their data, and `ACK`, `NACK`. */
  readonly heard: string[] = [];
  /** Everything that came, frames or not. */
  readonly bytes: number[] = [];
  #line: SerialLine | null = null;
  #react: (command: Uint8Array) => Reaction;
  onControl: (kind: 'ack' | 'nack') => Reaction = () => [];
  /** What a line that stands still holds back, in its order; null while it does not. */
  #held: Uint8Array[] | null = null;

  constructor(react: (command: Uint8Array) => Reaction, options: SerialCableOptions = {}) {
    this.cable = new MemorySerialCable([HOST_PATH, CHIP_PATH], options);
    this.#react = react;
  }

  get line(): SerialLine {
    if (this.#line === null) throw new Error('not plugged in');
    return this.#line;
  }

  async plugIn(baudRate = 115_200): Promise<void> {
    const line = await this.cable.open(CHIP_PATH, baudRate);
    const frames = new FrameReader(TFI.hostToChip);
    this.#line = line;
    line.onData((chunk) => {
      this.bytes.push(...chunk);
      frames.push(chunk, (event) => {
        if (event.kind === 'data') {
          this.heard.push(Buffer.from(event.payload).toString('hex'));
          this.send(this.#react(event.payload));
        } else if (event.kind === 'ack' || event.kind === 'nack') {
          this.heard.push(event.kind.toUpperCase());
          this.send(this.onControl(event.kind));
        }
      });
    });
  }

  send(reaction: Reaction): void {
    if (this.#held !== null) this.#held.push(...reaction);
    else for (const bytes of reaction) void this.line.write(bytes as Uint8Array);
  }

  /** The line to the host stands still: what is sent from now on arrives in its order, but not before so long. */
  stall(ms: number): void {
    this.#held = [];
    setTimeout(() => {
      const held = this.#held ?? [];
      this.#held = null;
      this.send(held);
    }, ms);
  }
}

/** A response frame of the chip, from hexadecimal. */
export function response(hex: string): Uint8Array {
  return encodeFrame(TFI.chipToHost, Uint8Array.from(Buffer.from(hex, 'hex')));
}

/** As a healthy chip does it: an acknowledgement, and then the response. */
export function answer(hex: string): Reaction {
  return [ACK as Uint8Array, response(hex)];
}

/** A frame with its last data byte changed. */
export function damaged(frame: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(frame);
  bytes[bytes.length - 3]! ^= 0x40;
  return bytes;
}
