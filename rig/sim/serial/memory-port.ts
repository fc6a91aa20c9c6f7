import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { type Chunking, MemoryLine } from '../../../src/hal/serial/memory-line.ts';
import type { Framing, ModemLines, SerialLine, SerialLineOpener } from '../../../src/hal/serial-line.ts';
import type { HostPort, SerialAdapter } from './adapter.ts';
import type { PortBoard } from './port-board.ts';
import { sampledBytes } from './uart.ts';

/** Ports of simulated boards, opened by name and by one user at a time. */
export class MemoryPorts implements SerialLineOpener {
  readonly #boards: ReadonlyMap<string, PortBoard>;
  readonly #chunk: Chunking;
  readonly #lines = new Map<PortBoard, BoardLine>();

  constructor(boards: readonly PortBoard[], chunk: Chunking = (length) => length) {
    this.#boards = new Map(boards.map((board) => [board.name, board]));
    this.#chunk = chunk;
    for (const board of boards) {
      board.onPlugged = (plugged) => {
        if (!plugged)
          this.#lines.get(board)?.lose(new HalError('reader-lost', `serial port ${board.name} was unplugged`));
      };
    }
  }

  async open(path: string, baudRate: number, framing: Framing = '8N1'): Promise<SerialLine> {
    const board = this.#boards.get(path);
    if (board === undefined || !board.plugged) throw new HalError('no-port', `there is no serial port ${path}`);
    if (this.#lines.has(board)) throw new HalError('busy', `serial port ${path} is already open`);
    const line = new BoardLine(board, baudRate, framing, this.#chunk, () => this.#lines.delete(board));
    this.#lines.set(board, line);
    return line;
  }
}

class BoardLine extends MemoryLine implements HostPort {
  readonly #board: PortBoard;
  readonly #adapter: SerialAdapter;
  readonly #onEnd: () => void;
  readonly evenParity: boolean;

  constructor(board: PortBoard, baudRate: number, framing: Framing, chunk: Chunking, onEnd: () => void) {
    super(board.name, baudRate, chunk);
    this.evenParity = framing === '8E1';
    this.#board = board;
    this.#adapter = board.adapter;
    this.#onEnd = onEnd;
    this.#adapter.connect(this);
  }

  protected override send(bytes: Uint8Array): void {
    this.#adapter.fromHost(bytes, this.baudRate);
  }

  protected override heard(): void {
    queueMicrotask(() => this.#drain());
  }

  protected override ended(): void {
    this.#adapter.connect(null);
    this.#onEnd();
  }

  async setModemLines(lines: ModemLines): Promise<void> {
    if (this.#board.setModemLines === undefined) {
      throw new HalError('unsupported', `the serial port ${this.path} has no DTR and RTS that can be set`);
    }
    this.#board.setModemLines(lines);
  }

  deliver(sent: Uint8Array, baudRate: number): void {
    this.keep(copyBytes(sampledBytes(sent, baudRate, this.baudRate)));
    this.#drain();
  }

  unplugged(backAfterNs: number | null): void {
    this.#board.unplug(backAfterNs);
  }

  #drain(): void {
    while (this.waiting) this.handOver();
  }
}
