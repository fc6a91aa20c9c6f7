import { SW } from '../../src/apdu/status-word.ts';
import type { Card } from '../../src/applet/card.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import {
  BOARD_MESSAGE,
  encodeCard,
  encodeFigures,
  encodeIdentity,
  NOT_HERE,
} from '../../src/hal/firmware/board-messages.ts';
import { readNumber } from '../../src/hal/firmware/put-messages.ts';
import { board } from './board.ts';
import type { CardLoader } from './card-loader.ts';
import { selfTest, type TestedParts } from './self-test.ts';

/** A card whose commands are timed: nothing else on a board knows how long they take. */
export class TimedCard implements LinkedCard {
  readonly #card: LinkedCard;
  readonly #onFault: (fault: unknown) => void;
  lastUs = 0;
  longestUs = 0;
  longestEventUs = 0;

  /** @param onFault told of what the card could not answer itself: 6F00 goes out for it */
  constructor(card: LinkedCard, onFault: (fault: unknown) => void) {
    this.#card = card;
    this.#onFault = onFault;
  }

  get response(): Uint8Array {
    return this.#card.response;
  }

  atr(): Uint8Array {
    return this.#card.atr();
  }

  powerOn(): void {
    this.#event(() => this.#card.powerOn());
  }

  reset(): void {
    this.#event(() => this.#card.reset());
  }

  fieldOff(): void {
    this.#event(() => this.#card.fieldOff());
  }

  deselect(): void {
    this.#event(() => this.#card.deselect());
  }

  process(command: Uint8Array, offset: number, length: number): number {
    const startUs = board.microseconds();
    let responseLength: number;
    try {
      responseLength = this.#card.process(command, offset, length);
    } catch (fault) {
      // Without RAM the card cannot even forget as it does after a fault.
      this.#onFault(fault);
      this.response[0] = SW.NO_PRECISE_DIAGNOSIS >> 8;
      this.response[1] = SW.NO_PRECISE_DIAGNOSIS & 0xff;
      responseLength = 2;
    }
    this.lastUs = board.microseconds() - startUs;
    this.longestUs = Math.max(this.longestUs, this.lastUs);
    return responseLength;
  }

  #event(happen: () => void): void {
    const startUs = board.microseconds();
    happen();
    this.longestEventUs = Math.max(this.longestEventUs, board.microseconds() - startUs);
  }
}

/** What the host may ask of the board itself, beside its card: src/hal/firmware/board-messages.ts. */
export class BoardSide {
  readonly #card: Card;
  readonly #timed: TimedCard;
  readonly #parts: TestedParts;
  readonly #loader: CardLoader;
  readonly #notHere: Uint8Array = Uint8Array.of(NOT_HERE);
  /** The phone's own screen, which only a card with a holder has. */
  readonly #screen: CardPort | null;
  bootUs = 0;

  constructor(card: Card, timed: TimedCard, parts: TestedParts, loader: CardLoader) {
    this.#card = card;
    this.#loader = loader;
    this.#timed = timed;
    this.#parts = parts;
    this.#screen = card.holder.present ? card.port('wired') : null;
    this.#screen?.powerOn();
  }

  /** @returns the answer, valid until the next message */
  answer(bytes: Uint8Array, offset: number, length: number): Uint8Array {
    switch (bytes[offset]) {
      case BOARD_MESSAGE.card:
        return encodeCard({
          interface: this.#card.defaultInterface,
          windowSeconds: this.#card.image.holder?.windowSeconds ?? 0,
        });
      case BOARD_MESSAGE.holder: {
        const screen = this.#screen;
        if (screen === null || length < 2) return this.#notHere;
        return screen.response.subarray(0, screen.process(bytes, offset + 1, length - 1));
      }
      case BOARD_MESSAGE.figures:
        return this.#figures();
      case BOARD_MESSAGE.identity:
        return encodeIdentity(this.#card.image);
      case BOARD_MESSAGE.selfTest:
        return (length === 2 ? selfTest(bytes[offset + 1], this.#parts) : null) ?? this.#notHere;
      default:
        return answerPut(this.#loader, bytes.subarray(offset, offset + length));
    }
  }

  #figures(): Uint8Array {
    const [heapTaken, heapUsed, stackUsed, stackSize, staticSize] = board.memory();
    return encodeFigures({
      bootUs: this.bootUs,
      commandUs: this.#timed.lastUs,
      longestUs: this.#timed.longestUs,
      longestEventUs: this.#timed.longestEventUs,
      heapTaken,
      heapUsed,
      stackUsed,
      stackSize,
      staticSize,
      hostLost: board.uartLost(0),
      chipLost: board.uartLost(1),
    });
  }
}

/** What brings another card: a board without one answers it too. */
export function answerPut(loader: CardLoader, message: Uint8Array): Uint8Array {
  if (message[0] === BOARD_MESSAGE.putBegin && message.length === 9) {
    return loader.begin(readNumber(message, 1), readNumber(message, 5));
  }
  if (message[0] === BOARD_MESSAGE.putPart && message.length > 5) {
    return loader.part(readNumber(message, 1), message.subarray(5));
  }
  if (message[0] === BOARD_MESSAGE.putEnd && message.length === 1) return loader.end();
  return Uint8Array.of(NOT_HERE);
}
