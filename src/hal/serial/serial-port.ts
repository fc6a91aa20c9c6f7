import type { SerialPort } from 'serialport';
import { HalError } from '../errors.ts';
import type { SerialLine, SerialLineOpener } from '../serial-line.ts';

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
  async open(path: string, baudRate: number): Promise<SerialLine> {
    const { SerialPort } = await loadSerialPort();
    const port = new SerialPort({ path, baudRate, autoOpen: false });
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error === null ? resolve() : reject(openError(path, error))));
    });
    // Without it some USB bridges keep bytes for 16 ms. Not every driver has it.
    if (process.platform === 'linux') {
      await new Promise<void>((resolve) => port.set({ lowLatency: true } as object, () => resolve()));
    }
    return new SystemSerialLine(port);
  }
}

/** @throws {HalError} `unsupported` when the optional package is missing or does not fit */
export async function loadSerialPort(): Promise<typeof import('serialport')> {
  try {
    return await import('serialport');
  } catch (error) {
    const words = 'Serial ports need the package serialport, which is not installed or does not fit: run npm ci.';
    throw new HalError('unsupported', words, { cause: error });
  }
}

/**
 * A port that goes away while nothing waits for its next byte is read as empty for ever: the library does not see it,
 * and so it is asked now and then for something that a dead port refuses.
 */
const ALIVE_CHECK_MS = 500;

class SystemSerialLine implements SerialLine {
  readonly path: string;
  readonly #port: SerialPort;
  readonly #aliveCheck: NodeJS.Timeout;
  #received: Uint8Array[] = [];
  #dataListener: ((chunk: Uint8Array) => void) | null = null;
  #closeListener: ((reason: Error | null) => void) | null = null;
  /** Undefined while open; then null, or why the device went away. */
  #closed: HalError | null | undefined;
  #closing: Promise<void> | null = null;

  constructor(port: SerialPort) {
    this.path = port.path;
    this.#port = port;
    port.on('data', (chunk: Uint8Array) => {
      if (this.#closed !== undefined || this.#closing !== null) return;
      if (this.#dataListener !== null) this.#dataListener(chunk);
      else this.#received.push(chunk.slice());
    });
    // An error that ends the connection is followed by `close`.
    port.on('error', () => {});
    port.on('close', (reason: Error | null | undefined) => this.#ended(reason ?? null));
    this.#aliveCheck = setInterval(() => this.#checkAlive(), ALIVE_CHECK_MS);
    this.#aliveCheck.unref();
  }

  get baudRate(): number {
    return this.#port.baudRate;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed !== undefined || this.#closing !== null) return Promise.reject(this.#gone());
    return new Promise((resolve, reject) => {
      this.#port.write(Buffer.from(bytes), (error) => {
        if (error) {
          this.#ended(error);
          reject(this.#gone());
        } else resolve();
      });
    });
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
    await this.#call((done) => this.#port.drain(done));
    await this.#call((done) => this.#port.update({ baudRate }, done));
  }

  async flush(): Promise<void> {
    this.#received = [];
    await this.#call((done) => this.#port.flush(done));
    this.#received = [];
  }

  close(): Promise<void> {
    clearInterval(this.#aliveCheck);
    this.#closing ??= new Promise((resolve) => {
      if (this.#closed !== undefined || !this.#port.isOpen) resolve();
      else this.#port.close(() => resolve());
    });
    return this.#closing;
  }

  #call(start: (done: (error: Error | null) => void) => void): Promise<void> {
    if (this.#closed !== undefined || this.#closing !== null) return Promise.reject(this.#gone());
    return new Promise((resolve, reject) => {
      start((error) => (error ? reject(this.#lost(error)) : resolve()));
    });
  }

  #lost(cause: Error): HalError {
    return new HalError('reader-lost', `The serial port ${this.path} went away: ${cause.message}.`, { cause });
  }

  #gone(): HalError {
    return this.#closed ?? new HalError('aborted', `The serial port ${this.path} was closed.`);
  }

  #checkAlive(): void {
    if (process.platform === 'win32' || !this.#port.isOpen) return;
    this.#port.drain((error) => {
      if (error) this.#ended(error);
    });
  }

  #ended(reason: Error | null): void {
    if (this.#closed !== undefined) return;
    clearInterval(this.#aliveCheck);
    this.#closed =
      this.#closing === null
        ? new HalError('reader-lost', `The serial port ${this.path} was unplugged.`, { cause: reason })
        : null;
    this.#received = [];
    if (this.#port.isOpen) this.#port.close(() => {});
    this.#tellClosed();
  }

  #tellClosed(): void {
    const listener = this.#closeListener;
    this.#closeListener = null;
    listener?.(this.#closed ?? null);
  }
}

/** The binding gives no codes, only the system's words. */
function openError(path: string, cause: Error): HalError {
  const { message } = cause;
  const options = { cause };
  if (/no such|not found|cannot find|does not exist/i.test(message)) {
    return new HalError('no-port', `There is no serial port ${path}.`, options);
  }
  if (/cannot lock|resource temporarily|busy|locked/i.test(message)) {
    return new HalError('busy', `Another program is using the serial port ${path}.`, options);
  }
  if (/access denied/i.test(message)) {
    return new HalError('busy', `Windows gives no access to ${path}: another program is probably using it.`, options);
  }
  if (/permission|not permitted/i.test(message)) {
    const words = `The rights to open ${path} are missing: add this user to the group that owns it (often dialout).`;
    return new HalError('permission', words, options);
  }
  if (/inappropriate ioctl|not a tty|not a typewriter|is a directory|invalid argument/i.test(message)) {
    return new HalError('no-port', `${path} is not a serial port.`, options);
  }
  return new HalError('no-port', `The serial port ${path} could not be opened: ${message}.`, options);
}
