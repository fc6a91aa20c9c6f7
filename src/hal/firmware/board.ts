import { crc32 } from '../crc32.ts';
import { HalError } from '../errors.ts';
import {
  BOARD_MESSAGE,
  type BoardCard,
  type BoardFigures,
  type CardIdentity,
  decodeCard,
  decodeFigures,
  decodeIdentity,
  decodeSelfTest,
  NOT_HERE,
  SELF_TESTS,
  type SelfTest,
  type SelfTestNumbers,
} from './board-messages.ts';
import { decodePut, PUT_OUTCOME, PUT_PART, type PutAnswer, putNumber } from './put-messages.ts';
import { type FirmwareWire, LOST_ECHO_MS } from './wire.ts';

/** Why a board did not take a card. `differs`: its flash gives back something else. */
export type PutRefusal = 'no-card' | 'no-flash' | 'torn' | 'differs' | { readonly largest: number };

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

  /**
   * Whether three bytes come back over the line as they were sent; the last is another one each time. One that is late is
   * waited for: only what does not come at all was lost.
   */
  echoes(): Promise<boolean> {
    return this.#wire.isThere(LOST_ECHO_MS);
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

  /** Which card is there. @throws {HalError} `unsupported`: none, its flash is damaged; as for commands */
  identity(): Promise<CardIdentity> {
    return this.#ask([BOARD_MESSAGE.identity], decodeIdentity);
  }

  /**
   * Puts the image of another card into the flash of the board, which starts anew afterwards. The card that is there
   * stays until the new one is whole; what of this image a cut-off transfer has brought is not sent again.
   * @returns null: the flash gives back what was sent; else why the board did not take it
   * @throws {HalError} `unsupported`; as for commands
   */
  async put(image: Uint8Array, signal: AbortSignal): Promise<PutRefusal | null> {
    const crc = crc32(image, 0, image.length);
    let answer = await this.#put([BOARD_MESSAGE.putBegin, ...putNumber(image.length), ...putNumber(crc)]);
    while (answer.outcome === PUT_OUTCOME.taken && answer.number < image.length) {
      if (signal.aborted) throw new HalError('aborted', 'interrupted; the board has its old card');
      const part = image.subarray(answer.number, answer.number + PUT_PART);
      const next = await this.#put([BOARD_MESSAGE.putPart, ...putNumber(answer.number), ...part]);
      // It would go on for ever.
      if (next.outcome === PUT_OUTCOME.taken && next.number <= answer.number) return 'torn';
      answer = next;
    }
    if (answer.outcome === PUT_OUTCOME.taken) answer = await this.#put([BOARD_MESSAGE.putEnd]);
    if (answer.outcome === PUT_OUTCOME.taken) return answer.number === crc ? null : 'differs';
    if (answer.outcome === PUT_OUTCOME.tooLarge) return { largest: answer.number };
    if (answer.outcome === PUT_OUTCOME.noCard) return 'no-card';
    return answer.outcome === PUT_OUTCOME.noFlash ? 'no-flash' : 'torn';
  }

  async #put(message: readonly number[]): Promise<PutAnswer> {
    const answer = await this.#wire.askBoard(Uint8Array.from(message));
    const decoded = decodePut(answer);
    if (decoded === null) throw unsupported();
    return decoded;
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
