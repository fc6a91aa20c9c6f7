import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { SerialLine, SerialLineOpener } from '../../../src/hal/serial-line.ts';
import type { SimulatedBoard } from '../board.ts';
import type { HostPort, SerialAdapter } from './adapter.ts';
import { sampledBytes } from './uart.ts';

/** Cuts what a line delivers into chunks; gets the bytes left, returns how many are in the next chunk. */
export type Chunking = (length: number) => number;

/** Ports of simulated boards, opened by name and by one user at a time. */
export class MemoryPorts implements SerialLineOpener {
  readonly #boards: ReadonlyMap<string, SimulatedBoard>;
  readonly #chunk: Chunking;
  readonly #lines = new Map<SimulatedBoard, BoardLine>();

  constructor(boards: readonly SimulatedBoard[], chunk: Chunking = (length) => length) {
    this.#boards = new Map(boards.map((board) => [board.name, board]));
    this.#chunk = chunk;
    for (const board of boards) {
      board.onPlugged = (plugged) => {
        if (!plugged)
          this.#lines.get(board)?.lose(new HalError('reader-lost', `serial port ${board.name} was unplugged`));
      };
    }
  }

  async open(path: string, baudRate: number): Promise<SerialLine> {
    const board = this.#boards.get(path);
    if (board === undefined || !board.plugged) throw new HalError('no-port', `there is no serial port ${path}`);
    if (this.#lines.has(board)) throw new HalError('busy', `serial port ${path} is already open`);
    checkBaudRate(baudRate);
    const line = new BoardLine(board, baudRate, this.#chunk, () => this.#lines.delete(board));
    this.#lines.set(board, line);
    return line;
  }
}

class BoardLine implements SerialLine, HostPort {
  readonly path: string;
  readonly #board: SimulatedBoard;
  readonly #adapter: SerialAdapter;
  readonly #chunk: Chunking;
  readonly #onEnd: () => void;
  #baudRate: number;
  #received: Uint8Array[] = [];
  #dataListener: ((chunk: Uint8Array) => void) | null = null;
  #closeListener: ((reason: Error | null) => void) | null = null;
  /** Undefined while open; then null, or why the device went away. */
  #closed: HalError | null | undefined;

  constructor(board: SimulatedBoard, baudRate: number, chunk: Chunking, onEnd: () => void) {
    this.path = board.name;
    this.#board = board;
    this.#adapter = board.adapter;
    this.#baudRate = baudRate;
    this.#chunk = chunk;
    this.#onEnd = onEnd;
    this.#adapter.connect(this);
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    // Copied before the first await: the caller's buffer is his own again at once.
    if (bytes.length > 0) this.#adapter.fromHost(copyBytes(bytes), this.#baudRate);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#dataListener = listener;
    queueMicrotask(() => this.#drain());
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

  deliver(sent: Uint8Array, baudRate: number): void {
    const bytes = sampledBytes(sent, baudRate, this.#baudRate);
    for (let at = 0; at < bytes.length; ) {
      const left = bytes.length - at;
      const size = Math.min(left, Math.max(1, Math.trunc(this.#chunk(left))));
      this.#received.push(copyBytes(bytes, at, at + size));
      at += size;
    }
    this.#drain();
  }

  unplugged(backAfterNs: number | null): void {
    this.#board.unplug(backAfterNs);
  }

  #drain(): void {
    for (const chunk of this.#dataListener === null ? [] : this.#received.splice(0)) {
      if (this.#closed === undefined) this.#dataListener?.(chunk);
    }
  }

  #finish(reason: HalError | null): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#received = [];
    this.#adapter.connect(null);
    this.#onEnd();
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
