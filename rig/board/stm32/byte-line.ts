import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { Timers } from '../../../src/hal/pn532/transport.ts';
import type { SerialLine } from '../../../src/hal/serial-line.ts';

/** Milliseconds between two looks at whether the person wants to stop: who answers at once stays in step, who is silent is left. */
const LOOK_MS = 250;
/** Of a byte with parity, which takes longest. */
const BITS_PER_BYTE = 11;

/** Bytes of a line one after the other, each waited for no longer than a time. It counts what passes. */
export class ByteLine {
  readonly #line: SerialLine;
  readonly #timers: Timers;
  readonly #signal: AbortSignal | null;
  #received: number[] = [];
  #gone: HalError | null = null;
  #wake: (() => void) | null = null;
  /** Bytes written since something was heard: they may be on their way still. */
  #leaving = 0;
  /** Bytes since it was opened. */
  sent = 0;
  heard = 0;

  /** @param signal ends waits for what does not come */
  constructor(line: SerialLine, timers: Timers, signal: AbortSignal | null = null) {
    this.#line = line;
    this.#timers = timers;
    this.#signal = signal;
    line.onData((chunk) => {
      this.heard += chunk.length;
      this.#leaving = 0;
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
    this.#leaving += own.length;
    await this.#line.write(own);
  }

  /** How long so many bytes take on the line, milliseconds. */
  msOf(bytes: number): number {
    return (bytes * BITS_PER_BYTE * 1000) / this.#line.baudRate;
  }

  /**
   * The limit begins when what was written has left.
   * @returns the next byte, or null when none came in time @throws {HalError} `reader-lost`, `aborted`
   */
  async next(limitMs: number): Promise<number | null> {
    if (this.#received.length === 0) await this.#wait(limitMs + this.msOf(this.#leaving));
    const byte = this.#received.shift();
    if (byte !== undefined) return byte;
    if (this.#gone !== null) throw this.#gone;
    if (this.#signal?.aborted === true) throw new HalError('aborted', 'it was interrupted');
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
      let cancel = (): void => {};
      const done = (): void => {
        cancel();
        this.#wake = null;
        resolve();
      };
      // Looked at, not listened to: a batch has one signal and many lines.
      const waitOn = (leftMs: number): void => {
        const ms = Math.min(leftMs, LOOK_MS);
        cancel = this.#timers.after(ms, () => {
          if (ms === leftMs || this.#signal?.aborted === true) done();
          else waitOn(leftMs - ms);
        });
      };
      this.#wake = done;
      waitOn(limitMs);
    });
  }
}
