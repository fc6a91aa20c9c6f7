import { copyBytes } from '../../apdu/copy-bytes.ts';
import { HalError } from '../errors.ts';
import type { SerialLine, SerialLineOpener } from '../serial-line.ts';

export interface SerialCableOptions {
  /**
   * Cuts what is written into the chunks that are delivered.
   * @param length bytes left to deliver
   * @returns how many go into the next chunk, 1 to `length`; all of them by default
   */
  readonly chunk?: (length: number) => number;
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
    checkBaudRate(baudRate);
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

class MemorySerialLine implements SerialLine {
  readonly path: string;
  readonly #end: CableEnd;
  readonly #options: SerialCableOptions;
  #baudRate: number;
  #received: Uint8Array[] = [];
  #dataListener: ((chunk: Uint8Array) => void) | null = null;
  #closeListener: ((reason: Error | null) => void) | null = null;
  #delivering = false;
  /** Undefined while open; then null, or why the device went away. */
  #closed: HalError | null | undefined;

  constructor(path: string, baudRate: number, end: CableEnd, options: SerialCableOptions) {
    this.path = path;
    this.#baudRate = baudRate;
    this.#end = end;
    this.#options = options;
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    // Copied before the first await: the caller's buffer is his own again at once.
    this.#end.peer?.line?.receive(copyBytes(bytes), this.#baudRate);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#dataListener = listener;
    this.#deliverSoon();
  }

  onClose(listener: (reason: Error | null) => void): void {
    this.#closeListener = listener;
    if (this.#closed !== undefined) queueMicrotask(() => this.#tellClosed());
  }

  async setBaudRate(baudRate: number): Promise<void> {
    this.#checkOpen();
    checkBaudRate(baudRate);
    this.#baudRate = baudRate;
  }

  async flush(): Promise<void> {
    this.#checkOpen();
    this.#received = [];
  }

  async close(): Promise<void> {
    this.#finish(null);
  }

  lose(reason: HalError): void {
    this.#finish(reason);
  }

  receive(bytes: Uint8Array, baudRate: number): void {
    if (bytes.length === 0) return;
    const garbled = this.#options.garbleOnBaudMismatch === true && baudRate !== this.#baudRate;
    if (garbled) for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] as number);
    let offset = 0;
    while (offset < bytes.length) {
      const left = bytes.length - offset;
      const size = Math.min(left, Math.max(1, Math.trunc(this.#options.chunk?.(left) ?? left)));
      this.#received.push(bytes.subarray(offset, offset + size));
      offset += size;
    }
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    queueMicrotask(() => {
      this.#delivering = false;
      if (this.#closed !== undefined || this.#dataListener === null) return;
      const chunk = this.#received.shift();
      if (chunk === undefined) return;
      if (this.#received.length > 0) this.#deliverSoon();
      this.#dataListener(chunk);
    });
  }

  #finish(reason: HalError | null): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#received = [];
    this.#end.line = null;
    queueMicrotask(() => this.#tellClosed());
  }

  #tellClosed(): void {
    const listener = this.#closeListener;
    this.#closeListener = null;
    listener?.(this.#closed ?? null);
  }

  #checkOpen(): void {
    if (this.#closed === undefined) return;
    throw this.#closed ?? new HalError('aborted', `serial port ${this.path} was closed`);
  }
}

function checkBaudRate(baudRate: number): void {
  if (!Number.isInteger(baudRate) || baudRate < 1) throw new RangeError(`${baudRate} is no baud rate`);
}
