import type { SimulatedPair } from '../../../rig/sim/pair.ts';
import type { SerialLine } from '../../../src/hal/serial-line.ts';

/** A host of bare bytes, as a test writes them down: no driver of ours between the test and the chip. */
export class Host {
  readonly line: SerialLine;
  readonly #received: number[] = [];
  #wake = (): void => {};

  constructor(line: SerialLine) {
    this.line = line;
    line.onData((chunk) => {
      this.#received.push(...chunk);
      this.#wake();
    });
  }

  static async open(pair: SimulatedPair, end: 'a' | 'b', baudRate = 115_200): Promise<Host> {
    return new Host(await pair.opener.open(pair.paths[end], baudRate));
  }

  async send(bytes: string | Uint8Array): Promise<void> {
    await this.line.write(typeof bytes === 'string' ? fromHex(bytes) : bytes);
  }

  /** What has come and was not taken yet. */
  get pending(): string {
    return toHex(Uint8Array.from(this.#received));
  }

  /** The next bytes, as hex. */
  async take(length: number): Promise<string> {
    while (this.#received.length < length) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return toHex(Uint8Array.from(this.#received.splice(0, length)));
  }

  /** The next frame, preamble and postamble included. */
  async frame(): Promise<string> {
    const head = await this.take(6);
    if (head === '0000ff00ff00') return head;
    const bytes = fromHex(head);
    if (bytes[3] === 0xff && bytes[4] === 0xff) {
      const rest = await this.take(2);
      return head + rest + (await this.take(((bytes[5]! << 8) | fromHex(rest)[0]!) + 2));
    }
    return head + (await this.take(bytes[3]! + 1));
  }

  /** Wakes the chip as libnfc does. */
  async wake(): Promise<void> {
    await this.send('55550000000000000000000000000000 0000ff03fdd414011700');
    await this.frame();
    await this.frame();
  }

  /** Sends a command with its code; returns the response with its code, or the whole frame when it is no response. */
  async command(payload: string): Promise<string> {
    await this.send(commandFrame(payload));
    const ack = await this.frame();
    if (ack !== '0000ff00ff00') throw new Error(`no ACK but ${ack}`);
    return responseOf(await this.frame());
  }
}

/** The payload of a response frame after D5; the frame itself when it has none. */
export function responseOf(frame: string): string {
  const bytes = fromHex(frame);
  const at = bytes[3] === 0xff && bytes[4] === 0xff ? 8 : 5;
  return bytes[at] === 0xd5 ? toHex(bytes.subarray(at + 1, -2)) : frame;
}

export function commandFrame(payload: string): Uint8Array {
  const data = Uint8Array.of(0xd4, ...fromHex(payload));
  const { length } = data;
  const head =
    length < 256
      ? [length, -length & 0xff]
      : [0xff, 0xff, length >> 8, length & 0xff, -((length >> 8) + length) & 0xff];
  const sum = data.reduce((total, byte) => total + byte, 0);
  return Uint8Array.of(0x00, 0x00, 0xff, ...head, ...data, -sum & 0xff, 0x00);
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.replace(/\s+/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
