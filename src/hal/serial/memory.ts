import { HalError } from '../errors.ts';
import type { SerialLine, SerialLineOpener } from '../serial-line.ts';
import { type Chunking, MemoryLine } from './memory-line.ts';

export interface SerialCableOptions {
  /**
   * Cuts what is written into the chunks that are delivered.
   * @param length bytes left to deliver
   * @returns how many go into the next chunk, 1 to `length`; all of them by default
   */
  readonly chunk?: Chunking;
  /**
   * When true, bytes that leave at one baud rate and are received at another arrive as their bitwise complement:
   * never right, and as many. A real line would also lose and invent some. Default false.
   */
  readonly garbleOnBaudMismatch?: boolean;
}

/**
 * A null-modem cable in memory: two named ends, each opened by one user at a time.
 *
 * Bytes are delivered in later microtasks, never during the write. What is written while the other end is not open
 * is lost, as on a real line, and so is nothing else. An end that closes is not noticed at the other one.
 */
export class MemorySerialCable implements SerialLineOpener {
  readonly #options: SerialCableOptions;
  readonly #ends: ReadonlyMap<string, CableEnd>;

  constructor(paths: readonly [string, string], options: SerialCableOptions = {}) {
    if (paths[0] === paths[1]) throw new RangeError(`the two ends of a cable have two names, not ${paths[0]} twice`);
    this.#options = options;
    const [near, far]: [CableEnd, CableEnd] = [new CableEnd(), new CableEnd()];
    near.peer = far;
    far.peer = near;
    this.#ends = new Map([
      [paths[0], near],
      [paths[1], far],
    ]);
  }

  async open(path: string, baudRate: number): Promise<SerialLine> {
    const end = this.#ends.get(path);
    if (end === undefined || end.unplugged) throw new HalError('no-port', `there is no serial port ${path}`);
    if (end.line !== null) throw new HalError('busy', `serial port ${path} is already open`);
    end.line = new MemorySerialLine(path, baudRate, end, this.#options);
    return end.line;
  }

  /** Pulls out the adapter at this end: its line closes with a reason, and the port is gone until it is plugged in. */
  unplug(path: string): void {
    const end = this.#end(path);
    end.unplugged = true;
    end.line?.lose(new HalError('reader-lost', `serial port ${path} was unplugged`));
  }

  plug(path: string): void {
    this.#end(path).unplugged = false;
  }

  #end(path: string): CableEnd {
    const end = this.#ends.get(path);
    if (end === undefined) throw new RangeError(`this cable has no end ${path}`);
    return end;
  }
}

class CableEnd {
  peer: CableEnd | null = null;
  line: MemorySerialLine | null = null;
  unplugged = false;
}

class MemorySerialLine extends MemoryLine {
  readonly #end: CableEnd;
  readonly #garble: boolean;
  #delivering = false;

  constructor(path: string, baudRate: number, end: CableEnd, options: SerialCableOptions) {
    super(path, baudRate, options.chunk ?? ((length) => length));
    this.#end = end;
    this.#garble = options.garbleOnBaudMismatch === true;
  }

  protected override send(bytes: Uint8Array): void {
    this.#end.peer?.line?.receive(bytes, this.baudRate);
  }

  protected override heard(): void {
    this.#deliverSoon();
  }

  protected override ended(): void {
    this.#end.line = null;
  }

  receive(bytes: Uint8Array, baudRate: number): void {
    const garbled = this.#garble && baudRate !== this.baudRate;
    if (garbled) for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] as number);
    this.keep(bytes);
    this.#deliverSoon();
  }

  /** One chunk in each microtask, never during the write. */
  #deliverSoon(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    queueMicrotask(() => {
      this.#delivering = false;
      if (!this.waiting) return;
      this.#deliverSoon();
      this.handOver();
    });
  }
}
