import type { Clock } from '../clock.ts';
import { DirectSession, inOrder } from '../direct-session.ts';
import { HalError } from '../errors.ts';
import type { CardSession, ConnectMode, Reader, ReaderInfo } from '../reader.ts';
import type { SerialLineOpener } from '../serial-line.ts';
import { FirmwareBoard } from './board.ts';
import { FirmwareCard } from './card.ts';
import { ECHO_MS, FirmwareWire, LARGEST_MESSAGE } from './wire.ts';

/** Between two questions whether the board is there. */
const BETWEEN_LOOKS_MS = 100;
/** After one that nothing answered: a board that waits for the rest of somebody's message forgets it in this silence. */
const AFTER_SILENCE_MS = 1100;
/** A list is asked for once: a board that is late is in it too. */
const LIST_MS = 3 * ECHO_MS;

export interface FirmwareOptions {
  /** Path of the serial port. */
  readonly path: string;
  /** 115200 by default, as the firmware starts. */
  readonly baudRate?: number;
  readonly lines: SerialLineOpener;
  /** Gives the times of exchanges. */
  readonly clock: Clock;
}

/** The card in the firmware of a board, on one serial port. The port is opened when it is first needed. */
export class FirmwareReader implements Reader {
  readonly driver = 'firmware';
  readonly #name: string;
  readonly #options: FirmwareOptions;
  readonly #closing = new AbortController();
  #wire: Promise<FirmwareWire> | null = null;
  #session: DirectSession | null = null;

  constructor(options: FirmwareOptions) {
    this.#options = options;
    this.#name = `firmware:${options.path}`;
  }

  async list(): Promise<readonly ReaderInfo[]> {
    const wire = await this.#open();
    // A session under way has its own questions on the line.
    const session = this.#session?.ended === false ? this.#session : null;
    const atr = session?.atr ?? ((await wire.isThere(LIST_MS)) ? await wire.atr() : null);
    return [{ name: this.#name, cardPresent: atr !== null, atr }];
  }

  async connect(options: {
    readonly reader?: string;
    readonly timeoutMs: number;
    readonly mode?: ConnectMode;
    readonly signal?: AbortSignal;
  }): Promise<CardSession> {
    const { reader, mode = 'any' } = options;
    if (reader !== undefined && !this.#name.includes(reader)) {
      throw new HalError('no-reader', `no reader named "${reader}"; there is "${this.#name}"`);
    }
    const wire = await this.#present(options);
    return this.#begin(wire, await wire.atr(), mode);
  }

  /**
   * The board itself, beside its card.
   * @throws {HalError} `no-card`: nothing answers; as `connect`
   */
  async board(options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<FirmwareBoard> {
    const wire =
      this.#wire !== null && this.#session?.ended === false ? await this.#wire : await this.#present(options);
    return new FirmwareBoard(wire);
  }

  /** Waits until the board answers. */
  async #present(options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<FirmwareWire> {
    const signals = options.signal === undefined ? [this.#closing.signal] : [this.#closing.signal, options.signal];
    const signal = AbortSignal.any(signals);
    refuseAborted(signal);
    const deadlineMs = performance.now() + options.timeoutMs;
    for (;;) {
      if (this.#session !== null && !this.#session.ended) {
        throw new HalError('busy', `a session with the card on "${this.#name}" is already open`);
      }
      const wire = await this.#open();
      const askedMs = performance.now();
      if (await this.#unlessAborted(wire.isThere(), signal)) return wire;
      const pauseMs = performance.now() - askedMs < ECHO_MS ? BETWEEN_LOOKS_MS : AFTER_SILENCE_MS - ECHO_MS;
      if (performance.now() >= deadlineMs) throw new HalError('no-card', `no firmware answers on "${this.#name}"`);
      await this.#unlessAborted(new Promise((done) => setTimeout(done, pauseMs)), signal);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#session?.end(new HalError('aborted', 'this session has ended'));
    const wire = await this.#wire?.catch(() => null);
    this.#wire = null;
    await wire?.close();
  }

  async #begin(wire: FirmwareWire, atr: Uint8Array, mode: ConnectMode): Promise<DirectSession> {
    if (mode === 'cold') await wire.powerOff();
    await wire.powerOn();
    if (mode === 'warm') await wire.reset();
    this.#session = new DirectSession({
      reader: this.#name,
      protocol: 'direct',
      card: new FirmwareCard(wire, atr),
      clock: this.#options.clock,
      largestCommand: LARGEST_MESSAGE,
      inOrder: inOrder(),
    });
    return this.#session;
  }

  async #open(): Promise<FirmwareWire> {
    refuseAborted(this.#closing.signal);
    this.#wire ??= this.#prepare();
    try {
      return await this.#wire;
    } catch (error) {
      this.#wire = null;
      throw error;
    }
  }

  async #prepare(): Promise<FirmwareWire> {
    const { lines, path, baudRate = 115_200 } = this.#options;
    const line = await lines.open(path, baudRate);
    return new FirmwareWire(line, (reason) => {
      this.#session?.end(reason);
      if (reason.kind === 'reader-lost') this.#wire = null;
    });
  }

  #unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(new HalError('aborted', 'the wait for a card was cancelled'));
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new HalError('aborted', 'the wait for a card was cancelled');
}
