import { readSync, writeSync } from 'node:fs';
import type { SerialPort } from 'serialport';
import { copyBytes } from '../../apdu/copy-bytes.ts';
import { HalError } from '../errors.ts';
import type { Framing, ModemLines, SerialLine, SerialLineOpener } from '../serial-line.ts';
import { loadSerialPort } from './load-serial-port.ts';

/** A port as the library's native part has it, below its streams: they cost a thread and a turn for each byte read. */
type NativePort = Awaited<ReturnType<typeof SerialPort.binding.open>>;

/** That of POSIX systems. */
type PolledPort = Extract<NativePort, { poller: unknown }>;

/**
 * Serial ports of this machine, through the package serialport.
 *
 * | can | cannot |
 * |---|---|
 * | any baud rate that the adapter has, changed while open | tell that the other side has another rate |
 * | keep the port for itself (an advisory lock) | keep out a program that does not look at locks |
 * | pass received bytes on at once, where the driver can (Linux) | do so on pseudo-terminals, which do anyway |
 */
export class SystemSerialPorts implements SerialLineOpener {
  async open(path: string, baudRate: number, framing: Framing = '8N1'): Promise<SerialLine> {
    const { SerialPort } = await loadSerialPort();
    let port: NativePort;
    try {
      port = await SerialPort.binding.open({ path, baudRate, parity: framing === '8E1' ? 'even' : 'none' });
    } catch (error) {
      throw openError(path, error as Error);
    }
    // Not every driver has it.
    if (process.platform === 'linux') await port.set(LOW_LATENCY).catch(() => {});
    return new SystemSerialLine(path, baudRate, port);
  }
}

/**
 * Without it some USB bridges keep bytes for 16 ms. The lines stay as the system sets them on opening: a chip may hang on
 * them with its reset or its supply.
 */
const LOW_LATENCY = { lowLatency: true, rts: true, dtr: true, cts: false, dsr: false, brk: false };
const RECEIVE_BUFFER = 4096;
/** A port that has nothing to read, or no room to write, just now. */
const NOT_NOW = new Set(['EAGAIN', 'EWOULDBLOCK', 'EINTR']);

class SystemSerialLine implements SerialLine {
  readonly path: string;
  readonly #port: NativePort;
  readonly #buffer: Buffer = Buffer.allocUnsafe(RECEIVE_BUFFER);
  #baudRate: number;
  #received: Uint8Array[] = [];
  #dataListener: ((chunk: Uint8Array) => void) | null = null;
  #closeListener: ((reason: Error | null) => void) | null = null;
  /** Undefined while open; then null, or why the device went away. */
  #closed: HalError | null | undefined;
  #closing: Promise<void> | null = null;
  #portClosed: Promise<void> | null = null;
  /** Writes that found no room at once and wait for their turn. */
  #waiting = 0;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(path: string, baudRate: number, port: NativePort) {
    this.path = path;
    this.#baudRate = baudRate;
    this.#port = port;
    if ('poller' in port) this.#listen(port);
    else void this.#readOn();
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#open) throw this.#gone();
    const written = this.#waiting === 0 ? this.#writeNow(bytes) : 0;
    if (written === bytes.length) return;
    const rest = Buffer.from(bytes.subarray(written));
    this.#waiting++;
    const mine = this.#lastWrite.then(() => this.#native(() => this.#port.write(rest))).finally(() => this.#waiting--);
    this.#lastWrite = mine.catch(() => {});
    await mine;
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#dataListener = listener;
    queueMicrotask(() => {
      for (const chunk of this.#received.splice(0)) this.#dataListener?.(chunk);
    });
  }

  onClose(listener: (reason: Error | null) => void): void {
    this.#closeListener = listener;
    if (this.#closed !== undefined) queueMicrotask(() => this.#tellClosed());
  }

  /** Bytes written before still leave at the old rate. */
  async setBaudRate(baudRate: number): Promise<void> {
    await this.#lastWrite;
    await this.#native(() => this.#port.drain());
    await this.#native(() => this.#port.update({ baudRate }));
    this.#baudRate = baudRate;
  }

  async setModemLines(lines: ModemLines): Promise<void> {
    if (!this.#open) throw this.#gone();
    try {
      await this.#port.set({ ...LOW_LATENCY, lowLatency: process.platform === 'linux', ...lines });
    } catch (cause) {
      // A pseudo-terminal has no such lines, and is there as before.
      throw new HalError('unsupported', `the serial port ${this.path} has no DTR and RTS that can be set`, { cause });
    }
  }

  async flush(): Promise<void> {
    this.#received = [];
    await this.#native(() => this.#port.flush());
    this.#received = [];
  }

  close(): Promise<void> {
    this.#closing ??= Promise.resolve().then(() => this.#close());
    return this.#closing;
  }

  get #open(): boolean {
    return this.#closed === undefined && this.#closing === null;
  }

  async #close(): Promise<void> {
    if (this.#closed === undefined) {
      await this.#closePort();
      this.#closed = null;
      this.#received = [];
      this.#tellClosed();
    }
    // One that went away by itself may still be on its way: its lock goes with it.
    await this.#portClosed;
  }

  #closePort(): Promise<void> {
    this.#portClosed ??= this.#port.close().catch(() => {});
    return this.#portClosed;
  }

  /** POSIX: reads in the turn in which the bytes are there. */
  #listen(port: PolledPort): void {
    // The native part calls back outside of a turn: what hangs on promises would wait for the next thing to happen.
    port.poller.once('readable', (error: Error | null) => setImmediate(() => this.#readNow(port, error)));
  }

  #readNow(port: PolledPort, error: Error | null): void {
    if (!this.#open) return;
    if (error !== null) {
      this.#ended(error);
      return;
    }
    let length = 0;
    try {
      length = readSync(port.fd as number, this.#buffer);
      // A port without bytes is never ready; one that has gone is read as empty.
      if (length === 0) this.#ended(null);
    } catch (failure) {
      if (!isNotNow(failure)) this.#ended(failure as Error);
    }
    if (!this.#open) return;
    this.#listen(port);
    if (length > 0) this.#deliver(this.#buffer.subarray(0, length));
  }

  /** Windows. */
  async #readOn(): Promise<void> {
    while (this.#open) {
      let length: number;
      try {
        length = (await this.#port.read(this.#buffer, 0, RECEIVE_BUFFER)).bytesRead;
      } catch (error) {
        if (this.#open && (error as { canceled?: boolean }).canceled !== true) this.#ended(error as Error);
        return;
      }
      if (this.#open) this.#deliver(this.#buffer.subarray(0, length));
    }
  }

  #deliver(chunk: Uint8Array): void {
    if (this.#dataListener !== null) this.#dataListener(chunk);
    else this.#received.push(copyBytes(chunk));
  }

  /** @returns how many bytes the port took at once */
  #writeNow(bytes: Uint8Array): number {
    if (!('poller' in this.#port)) return 0;
    try {
      return writeSync(this.#port.fd as number, bytes);
    } catch (error) {
      if (isNotNow(error)) return 0;
      this.#ended(error as Error);
      throw this.#gone();
    }
  }

  async #native<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#open) throw this.#gone();
    try {
      return await work();
    } catch (error) {
      if (this.#open) this.#ended(error as Error);
      throw this.#gone();
    }
  }

  #gone(): HalError {
    return this.#closed ?? new HalError('aborted', `the serial port ${this.path} was closed`);
  }

  #ended(cause: Error | null): void {
    if (!this.#open) return;
    this.#closed = new HalError('reader-lost', `the serial port ${this.path} was unplugged`, { cause });
    this.#received = [];
    void this.#closePort();
    // Not in the turn of a write that failed: who wrote is not done yet.
    queueMicrotask(() => this.#tellClosed());
  }

  #tellClosed(): void {
    const listener = this.#closeListener;
    this.#closeListener = null;
    listener?.(this.#closed ?? null);
  }
}

function isNotNow(error: unknown): boolean {
  return NOT_NOW.has((error as NodeJS.ErrnoException).code ?? '');
}

/** The binding gives no codes, only the system's words. */
function openError(path: string, cause: Error): HalError {
  const { message } = cause;
  const options = { cause };
  if (/no such|not found|cannot find|does not exist/i.test(message)) {
    return new HalError('no-port', `there is no serial port ${path}`, options);
  }
  if (/cannot lock|resource temporarily|busy|locked/i.test(message)) {
    return new HalError('busy', `another program is using the serial port ${path}`, options);
  }
  if (/access denied/i.test(message)) {
    return new HalError('busy', `Windows gives no access to ${path}: another program is probably using it`, options);
  }
  if (/permission|not permitted/i.test(message)) {
    const words = `the rights to open ${path} are missing: add this user to the group that owns it (often dialout)`;
    return new HalError('permission', words, options);
  }
  if (/inappropriate ioctl|not a tty|not a typewriter|is a directory|invalid argument/i.test(message)) {
    return new HalError('no-port', `${path} is not a serial port`, options);
  }
  return new HalError('no-port', `the serial port ${path} could not be opened: ${message}`, options);
}
