import type { LinkedCard } from '../../src/hal/card-link.ts';
import { CONTROL, LENGTH_BYTES, MessageReader } from '../../src/hal/vpcd/messages.ts';
import { board } from './board.ts';

/** The UART to the host. */
const HOST = 0;

/**
 * The card on a UART, with vpcd's messages: a length of two bytes, and that many bytes; one byte is power off, on,
 * reset, or the question for the ATR; more are a command. What came broken off is dropped after a pause.
 */
export class HostLink {
  readonly #card: LinkedCard;
  readonly #messages = new MessageReader();
  readonly #chunk: Uint8Array = new Uint8Array(256);
  readonly #length: Uint8Array = new Uint8Array(LENGTH_BYTES);
  #heardAtUs = 0;

  constructor(card: LinkedCard) {
    this.#card = card;
  }

  /** @returns whether there was anything to do */
  poll(): boolean {
    const length = board.uartRead(HOST, this.#chunk);
    const now = board.microseconds();
    if (length === 0) return false;
    if (now - this.#heardAtUs > PAUSE_US) this.#messages.reset();
    this.#heardAtUs = now;
    this.#messages.push(this.#chunk, length, this.#take);
    return true;
  }

  readonly #take = (bytes: Uint8Array, offset: number, length: number): boolean => {
    if (length === 1) this.#control(bytes[offset] as number);
    else if (length > 1) this.#send(this.#card.response, this.#card.process(bytes, offset, length));
    return true;
  };

  #control(code: number): void {
    if (code === CONTROL.powerOff) this.#card.fieldOff();
    else if (code === CONTROL.powerOn) this.#card.powerOn();
    else if (code === CONTROL.reset) this.#card.reset();
    else if (code === CONTROL.getAtr) {
      const atr = this.#card.atr();
      this.#send(atr, atr.length);
    }
  }

  #send(bytes: Uint8Array, length: number): void {
    this.#length[0] = length >> 8;
    this.#length[1] = length & 0xff;
    board.uartWrite(HOST, this.#length, 0, LENGTH_BYTES);
    board.uartWrite(HOST, bytes, 0, length);
  }
}

/** A host writes a message in one go; what is silent for so long in the middle of one has given up. */
const PAUSE_US = 1_000_000;
