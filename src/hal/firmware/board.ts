import { HalError } from '../errors.ts';
import {
  BOARD_MESSAGE,
  type BoardCard,
  type BoardFigures,
  decodeCard,
  decodeFigures,
  decodeSelfTest,
  NOT_HERE,
  SELF_TESTS,
  type SelfTest,
  type SelfTestNumbers,
} from './board-messages.ts';
import type { FirmwareWire } from './wire.ts';

/** The board itself, beside its card: what it is asked does not disturb a session with the card. */
export class FirmwareBoard {
  readonly #wire: FirmwareWire;

  constructor(wire: FirmwareWire) {
    this.#wire = wire;
  }

  /** @throws {HalError} `unsupported`: a firmware that knows no such question; as for commands */
  card(): Promise<BoardCard> {
    return this.#ask([BOARD_MESSAGE.card], decodeCard);
  }

  /** @throws {HalError} as {@link card} */
  figures(): Promise<BoardFigures> {
    return this.#ask([BOARD_MESSAGE.figures], decodeFigures);
  }

  /** What the board finds out about itself. @throws {HalError} as {@link card} */
  selfTest<T extends SelfTest>(test: T): Promise<SelfTestNumbers<T>> {
    const message = [BOARD_MESSAGE.selfTest, SELF_TESTS[test].code];
    return this.#ask(message, (answer) => decodeSelfTest(answer, test));
  }

  /** Whether three bytes come back over the line as they were sent; the last is another one each time. */
  echoes(): Promise<boolean> {
    return this.#wire.isThere();
  }

  /**
   * A command through the card's wired interface: the holder's own, as the phone's screen sends it.
   * @returns the response APDU
   * @throws {HalError} `unsupported`: the card has no holder; as for commands
   */
  async asHolder(command: Uint8Array): Promise<Uint8Array> {
    const message = new Uint8Array(1 + command.length);
    message[0] = BOARD_MESSAGE.holder;
    message.set(command, 1);
    try {
      const answer = await this.#wire.askBoard(message);
      if (answer.length >= 2) return answer;
      throw unsupported();
    } finally {
      // It may be a code.
      message.fill(0);
    }
  }

  async #ask<T>(message: readonly number[], decode: (answer: Uint8Array) => T | null): Promise<T> {
    const answer = await this.#wire.askBoard(Uint8Array.from(message));
    const decoded = answer.length === 1 && answer[0] === NOT_HERE ? null : decode(answer);
    if (decoded === null) throw unsupported();
    return decoded;
  }
}

function unsupported(): HalError {
  return new HalError('unsupported', 'the firmware of this board does not answer that question');
}
