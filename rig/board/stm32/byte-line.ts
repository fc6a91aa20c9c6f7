import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { Timers } from '../../../src/hal/pn532/transport.ts';
import type { SerialLine } from '../../../src/hal/serial-line.ts';

/** Bytes of a line one after the other, each waited for no longer than a time. It counts what passes. */
export class ByteLine {
  readonly #line: SerialLine;
  readonly #timers: Timers;
  #received: number[] = [];
  #gone: HalError | null = null;
  #wake: (() => void) | null = null;
  /** Bytes since it was opened. */
  sent = 0;
  heard = 0;

  constructor(line: SerialLine, timers: Timers) {
    this.#line = line;
    this.#timers = timers;
    line.onData((chunk) => {
      this.heard += chunk.length;
      for (const byte of chunk) this.#received.push(byte);
      this.#wake?.();
    });
    line.onClose((reason) => {
      this.#gone =
        reason instanceof HalError ? reason : new HalError('aborted', `the serial port ${line.path} was closed`);
      this.#wake?.();
    });
  }

  get path(): string {
    return this.#line.path;
  }

  /** @throws {HalError} `reader-lost`, `aborted` */
  async send(bytes: Uint8Array | readonly number[]): Promise<void> {
    const own = bytes instanceof Uint8Array ? copyBytes(bytes) : Uint8Array.from(bytes);
    this.sent += own.length;
    await this.#line.write(own);
  }

  /** @returns the next byte, or null when none came in time @throws {HalError} `reader-lost`, `aborted` */
  async next(limitMs: number): Promise<number | null> {
    if (this.#received.length === 0) await this.#wait(limitMs);
    const byte = this.#received.shift();
    if (byte !== undefined) return byte;
    if (this.#gone !== null) throw this.#gone;
    return null;
  }

  /** @returns as many as came, the limit counting anew with each @throws {HalError} `reader-lost`, `aborted` */
  async take(length: number, limitMs: number): Promise<Uint8Array> {
    const bytes: number[] = [];
    while (bytes.length < length) {
      const byte = await this.next(limitMs);
      if (byte === null) break;
      bytes.push(byte);
    }
    return Uint8Array.from(bytes);
  }

  /** Throws away what comes until nothing came for so long. @returns what it was */
  async drain(quietMs: number): Promise<Uint8Array> {
    const bytes: number[] = [];
    for (let byte = await this.next(quietMs); byte !== null; byte = await this.next(quietMs)) bytes.push(byte);
    return Uint8Array.from(bytes);
  }

  #wait(limitMs: number): Promise<void> {
    if (this.#gone !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#wake = null;
        resolve();
      };
      const cancel = this.#timers.after(limitMs, done);
      this.#wake = done;
    });
  }
}
