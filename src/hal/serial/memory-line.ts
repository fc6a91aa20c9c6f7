import { copyBytes } from '../../apdu/copy-bytes.ts';
import { HalError } from '../errors.ts';
import type { SerialLine } from '../serial-line.ts';

/** Cuts what is delivered into chunks; gets the bytes left, returns how many are in the next chunk. */
export type Chunking = (length: number) => number;

/** A line without a device: what every one in memory does alike, whatever is at its other end. */
export abstract class MemoryLine implements SerialLine {
  readonly path: string;
  readonly #chunk: Chunking;
  #baudRate: number;
  #received: Uint8Array[] = [];
  #dataListener: ((chunk: Uint8Array) => void) | null = null;
  #closeListener: ((reason: Error | null) => void) | null = null;
  /** Undefined while open; then null, or why the device went away. */
  #closed: HalError | null | undefined;

  constructor(path: string, baudRate: number, chunk: Chunking) {
    checkBaudRate(baudRate);
    this.path = path;
    this.#baudRate = baudRate;
    this.#chunk = chunk;
  }

  /** Takes bytes of the line's own to its other end. */
  protected abstract send(bytes: Uint8Array): void;
  /** Somebody listens now: what came before is to be handed over, later. */
  protected abstract heard(): void;
  /** The line is closed, or its device has gone. */
  protected abstract ended(): void;

  get baudRate(): number {
    return this.#baudRate;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    // Copied before the first await: the caller's buffer is his own again at once.
    if (bytes.length > 0) this.send(copyBytes(bytes));
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#dataListener = listener;
    this.heard();
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

  /** Bytes of the line's own have come; they wait for {@link handOver}. */
  protected keep(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const left = bytes.length - at;
      const size = Math.min(left, Math.max(1, Math.trunc(this.#chunk(left))));
      this.#received.push(bytes.subarray(at, at + size));
      at += size;
    }
  }

  /** Whether a chunk waits for a listener that is there. */
  protected get waiting(): boolean {
    return this.#closed === undefined && this.#dataListener !== null && this.#received.length > 0;
  }

  /** Gives the next chunk to the listener, if there are both. */
  protected handOver(): void {
    const chunk = this.waiting ? this.#received.shift() : undefined;
    if (chunk !== undefined) this.#dataListener?.(chunk);
  }

  #finish(reason: HalError | null): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#received = [];
    this.ended();
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
