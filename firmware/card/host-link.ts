import type { LinkedCard } from '../../src/hal/card-link.ts';
import { NOT_HERE, TO_BOARD } from '../../src/hal/firmware/board-messages.ts';
import { CONTROL, LENGTH_BYTES, MessageReader } from '../../src/hal/vpcd/messages.ts';

/**
 * A host writes a message in one go; what is silent for so long in the middle of one has given up. A host that asks again
 * whether the board is there leaves more silence than this, or it would never be heard.
 */
const PAUSE_US = 1_000_000;

/**
 * First of three bytes that come back as they are; the second is 00, which no status word begins with. A host that has
 * given up waiting finds out by it which answers are late.
 */
export const ECHO = 0xec;
const ECHO_LENGTH = 3;
/** Control of our own beside vpcd's: the board starts anew, as after a loss of power. */
export const RESTART = 0x03;

/** Answers what the host says to the board itself. */
export type AskBoard = (bytes: Uint8Array, offset: number, length: number) => Uint8Array;

/** Puts bytes on the UART to the host. */
export type Send = (bytes: Uint8Array, offset: number, length: number) => void;

/**
 * The card on a UART, with vpcd's messages: a length of two bytes, big-endian, and that many bytes. One byte is power
 * off, on, reset, restart of the board, the question for the ATR, or the announcement of a message to the board itself;
 * three may be an echo; four or more are a command. A message without a body says that the board has started: whatever
 * was selected or proven before is gone.
 */
export class HostLink {
  readonly #card: LinkedCard;
  readonly #send: Send;
  readonly #restart: () => void;
  readonly #messages = new MessageReader();
  readonly #length: Uint8Array = new Uint8Array(LENGTH_BYTES);
  readonly #askBoard: AskBoard;
  #heardAtUs = 0;
  /** The next message is for the board. */
  #announced = false;

  constructor(
    card: LinkedCard,
    send: Send,
    restart: () => void = () => {},
    askBoard: AskBoard = () => Uint8Array.of(NOT_HERE),
  ) {
    this.#card = card;
    this.#send = send;
    this.#restart = restart;
    this.#askBoard = askBoard;
  }

  started(): void {
    this.#length.fill(0);
    this.#send(this.#length, 0, LENGTH_BYTES);
  }

  /** The first `length` bytes of `chunk` have come. */
  receive(chunk: Uint8Array, length: number, nowUs: number): void {
    if (nowUs - this.#heardAtUs > PAUSE_US) {
      this.#messages.reset();
      this.#announced = false;
    }
    this.#heardAtUs = nowUs;
    this.#messages.push(chunk, length, this.#take);
  }

  readonly #take = (bytes: Uint8Array, offset: number, length: number): boolean => {
    const announced = this.#announced;
    this.#announced = false;
    if (length === ECHO_LENGTH && bytes[offset] === ECHO && bytes[offset + 1] === 0x00) {
      this.#answer(bytes.subarray(offset, offset + length), length);
    } else if (announced) {
      const answer = this.#askBoard(bytes, offset, length);
      this.#answer(answer, answer.length);
    } else if (length === 1) this.#control(bytes[offset] as number);
    else if (length > 1) this.#answer(this.#card.response, this.#card.process(bytes, offset, length));
    return true;
  };

  #control(code: number): void {
    if (code === CONTROL.powerOff) this.#card.fieldOff();
    else if (code === CONTROL.powerOn) this.#card.powerOn();
    else if (code === CONTROL.reset) this.#card.reset();
    else if (code === RESTART) this.#restart();
    else if (code === TO_BOARD) this.#announced = true;
    else if (code === CONTROL.getAtr) {
      const atr = this.#card.atr();
      this.#answer(atr, atr.length);
    }
  }

  #answer(bytes: Uint8Array, length: number): void {
    this.#length[0] = length >> 8;
    this.#length[1] = length & 0xff;
    this.#send(this.#length, 0, LENGTH_BYTES);
    this.#send(bytes, 0, length);
  }
}
