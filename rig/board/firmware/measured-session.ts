import type { FirmwareBoard } from '../../../src/hal/firmware/index.ts';
import type { CardSession, Disposition, Exchange } from '../../../src/hal/reader.ts';

/** A session with the card on a board that asks the board after each command how long its card took for it. */
export class MeasuredSession implements CardSession {
  readonly #session: CardSession;
  readonly #board: FirmwareBoard;
  #us = 0;

  constructor(session: CardSession, board: FirmwareBoard) {
    this.#session = session;
    this.#board = board;
  }

  get reader(): string {
    return this.#session.reader;
  }

  get protocol(): string {
    return this.#session.protocol;
  }

  get atr(): Uint8Array {
    return this.#session.atr;
  }

  async transmit(command: Uint8Array): Promise<Exchange> {
    const exchange = await this.#session.transmit(command);
    this.#us += (await this.#board.figures()).commandUs;
    return exchange;
  }

  /** Microseconds in the card since this was asked last: those of one command and of what fetched the rest of its answer. */
  take(): number {
    const us = this.#us;
    this.#us = 0;
    return us;
  }

  reset(mode: 'warm' | 'cold'): Promise<void> {
    return this.#session.reset(mode);
  }

  control(code: number, data: Uint8Array): Promise<Uint8Array> {
    return this.#session.control(code, data);
  }

  disconnect(disposition?: Disposition): Promise<void> {
    return this.#session.disconnect(disposition);
  }
}
