import { HalError } from '../../src/hal/errors.ts';
import type { SerialLine, SerialLineOpener } from '../../src/hal/serial-line.ts';
import { board } from './board.ts';

/** One of the board's own UARTs as a serial line. What comes is handed over from the main loop, by `poll`. */
export class UartLine implements SerialLine {
  readonly path: string;
  readonly #uart: number;
  readonly #chunk: Uint8Array = new Uint8Array(256);
  #baudRate: number;
  #listener: ((chunk: Uint8Array) => void) | null = null;
  #open = true;

  constructor(uart: number, baudRate: number) {
    this.#uart = uart;
    this.path = `UART ${uart}`;
    this.#baudRate = baudRate;
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#checkOpen();
    board.uartWrite(this.#uart, bytes, 0, bytes.length);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
  }

  /** A UART of the board does not go away. */
  onClose(): void {}

  async setBaudRate(baudRate: number): Promise<void> {
    this.#checkOpen();
    if (!board.uartRate(this.#uart, baudRate)) {
      throw new HalError('unsupported', `${this.path} has no ${baudRate} baud`);
    }
    this.#baudRate = baudRate;
  }

  async flush(): Promise<void> {
    while (board.uartRead(this.#uart, this.#chunk) > 0);
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  /** @returns whether anything had come */
  poll(): boolean {
    if (!this.#open || this.#listener === null) return false;
    const length = board.uartRead(this.#uart, this.#chunk);
    if (length > 0) this.#listener(this.#chunk.subarray(0, length));
    return length > 0;
  }

  #checkOpen(): void {
    if (!this.#open) throw new HalError('aborted', `${this.path} was closed`);
  }
}

/** Opens one UART, as often as the driver asks: a chip that was lost is begun anew. */
export class UartOpener implements SerialLineOpener {
  readonly #uart: number;
  #line: UartLine | null = null;

  constructor(uart: number) {
    this.#uart = uart;
  }

  async open(_path: string, baudRate: number): Promise<SerialLine> {
    const line = new UartLine(this.#uart, baudRate);
    await line.setBaudRate(baudRate);
    await line.flush();
    this.#line = line;
    return line;
  }

  poll(): boolean {
    return this.#line?.poll() ?? false;
  }
}
