import { copyBytes } from '../../apdu/copy-bytes.ts';
import { HalError } from '../errors.ts';
import type { SerialLine } from '../serial-line.ts';
import { CONTROL, LARGEST_BODY, LENGTH_BYTES, MessageReader } from '../vpcd/messages.ts';
import { decodeShortOfMemory, TO_BOARD } from './board-messages.ts';

/** The longest that a card may compute (a key pair on a slow core) with a line in between. */
const SILENCE_MS = 60_000;
/** A board that is there echoes within a few bytes' time, or when it has booted. */
export const ECHO_MS = 500;
/**
 * An echo that has not come by then is lost. A board on an emulator may be late by more than a second while its machine is
 * busy. Longer than the silence after which a board forgets the first half of a message: the next echo finds it listening.
 */
export const LOST_ECHO_MS = 5000;
/** Three bytes that the board gives back: this, 00, and a number. No response of a card ends in a status word 00xx. */
const ECHO = 0xec;

interface Waiting {
  readonly answered: (body: Uint8Array) => void;
  /** Whether this is the answer; another one is dropped. */
  readonly fits: (body: Uint8Array) => boolean;
  readonly failed: (error: Error) => void;
}

/** The messages on one open line: one question at a time, its answer, and the board's word that it has started anew. */
export class FirmwareWire {
  readonly #line: SerialLine;
  readonly #messages = new MessageReader();
  #waiting: Waiting | null = null;
  #echoes = 0;
  #lost: HalError | null = null;
  /** Told when the board has restarted, or its line is gone: the card is not the one that it was. */
  readonly #onGone: (reason: HalError) => void;

  constructor(line: SerialLine, onGone: (reason: HalError) => void) {
    this.#line = line;
    this.#onGone = onGone;
    line.onData((chunk) => this.#messages.push(chunk, chunk.length, this.#take));
    line.onClose((reason) => {
      this.#gone(new HalError('reader-lost', `the port ${line.path} is gone`, { cause: reason }));
    });
  }

  /**
   * Whether a board with the firmware is there. What it still had to say about questions that were given up is read
   * and dropped: the next answer is that of the next question.
   * @param limitMs how long it may take, in whole spans of `ECHO_MS`
   */
  async isThere(limitMs: number = ECHO_MS): Promise<boolean> {
    this.#echoes = (this.#echoes + 1) & 0xff;
    const mark = Uint8Array.of(ECHO, 0x00, this.#echoes);
    try {
      await this.#ask(
        mark,
        limitMs,
        (answer) => answer.length === mark.length && mark.every((byte, i) => byte === answer[i]),
      );
      return true;
    } catch (error) {
      if (error instanceof HalError && (error.kind === 'timeout' || error.kind === 'card-removed')) return false;
      throw error;
    }
  }

  /** @throws {HalError} as `transmit` */
  atr(): Promise<Uint8Array> {
    return this.#ask(Uint8Array.of(CONTROL.getAtr), SILENCE_MS);
  }

  async powerOff(): Promise<void> {
    await this.#send(Uint8Array.of(CONTROL.powerOff));
  }

  async powerOn(): Promise<void> {
    await this.#send(Uint8Array.of(CONTROL.powerOn));
  }

  async reset(): Promise<void> {
    await this.#send(Uint8Array.of(CONTROL.reset));
  }

  /** @throws {HalError} `timeout`, `card-removed`, `reader-lost`, `protocol` */
  async transmit(command: Uint8Array): Promise<Uint8Array> {
    const response = await this.#ask(command, SILENCE_MS);
    if (response.length < 2) throw new HalError('protocol', `the board answered ${response.length} bytes`);
    return response;
  }

  /** What is said to the board itself, announced as such. @throws {HalError} as `transmit` */
  async askBoard(message: Uint8Array): Promise<Uint8Array> {
    await this.#send(Uint8Array.of(TO_BOARD));
    return this.#ask(message, SILENCE_MS);
  }

  close(): Promise<void> {
    this.#gone(new HalError('aborted', 'this session has ended'));
    return this.#line.close();
  }

  async #ask(
    body: Uint8Array,
    limitMs: number,
    fits: (answer: Uint8Array) => boolean = () => true,
  ): Promise<Uint8Array> {
    if (this.#lost !== null) throw this.#lost;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answer = new Promise<Uint8Array>((answered, failed) => {
      this.#waiting = { answered, fits, failed };
      let waitedMs = 0;
      // In spans: a program that was held up finds that one of them has passed, and then reads what came meanwhile.
      const wait = (): void => {
        const spanMs = Math.min(ECHO_MS, limitMs - waitedMs);
        timer = setTimeout(() => {
          waitedMs += spanMs;
          if (waitedMs < limitMs) wait();
          else failed(new HalError('timeout', `the board on ${this.#line.path} said nothing for ${limitMs} ms`));
        }, spanMs);
      };
      wait();
    });
    // An answer, or the end of the line, may come before the write has ended.
    answer.catch(() => {});
    try {
      await this.#send(body);
      return await answer;
    } finally {
      clearTimeout(timer);
      this.#waiting = null;
    }
  }

  async #send(body: Uint8Array): Promise<void> {
    if (this.#lost !== null) throw this.#lost;
    const message = new Uint8Array(LENGTH_BYTES + body.length);
    message[0] = body.length >> 8;
    message[1] = body.length & 0xff;
    message.set(body, LENGTH_BYTES);
    await this.#line.write(message);
  }

  readonly #take = (bytes: Uint8Array, offset: number, length: number): boolean => {
    if (length === 0) {
      const restarted = new HalError('card-removed', `the board on ${this.#line.path} has restarted`);
      this.#onGone(restarted);
      this.#waiting?.failed(restarted);
      return true;
    }
    const room = decodeShortOfMemory(bytes.subarray(offset, offset + length));
    if (room !== null) {
      const words = `the card needs more RAM than the ${room} bytes that the board on ${this.#line.path} has for it`;
      const noCard = new HalError('no-card', `${words}: build it for another board, or with --no-channel`);
      this.#onGone(noCard);
      this.#waiting?.failed(noCard);
    } else {
      // Without a question it is the late answer to one that was given up.
      const body = copyBytes(bytes, offset, offset + length);
      if (this.#waiting?.fits(body) === true) this.#waiting.answered(body);
    }
    return true;
  };

  #gone(reason: HalError): void {
    if (this.#lost !== null) return;
    this.#lost = reason;
    this.#onGone(reason);
    this.#waiting?.failed(reason);
  }
}

export const LARGEST_MESSAGE: number = LARGEST_BODY;
