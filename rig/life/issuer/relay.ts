import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession, Exchange } from '../../../src/hal/reader.ts';

/** What the other side is to do next: send this command to the card, or nothing more. */
export type RelayStep<Result> = { readonly command: Uint8Array } | { readonly done: true; readonly result: Result };

/** Longest answer of a card that is believed: an extended one, protected. */
const LONGEST_ANSWER = 65_640;

interface Waiting {
  readonly command: Uint8Array;
  readonly answered: (exchange: Exchange) => void;
  readonly failed: (error: Error) => void;
}

/**
 * A card at the far end of a request and answer protocol: whoever has it asks for a command, and brings the answer with the
 * next request. The near end works on it as on any session with a card.
 *
 * One step at a time; the first {@link next} starts the work.
 */
export class CardRelay<Result> {
  readonly #work: (session: CardSession) => Promise<Result>;
  #waiting: Waiting | null = null;
  #started = false;
  #ended = false;
  /** Told when the work wants a command sent, or has come to its end. */
  #turn: ((step: RelayStep<Result>) => void) | null = null;
  #fail: ((error: unknown) => void) | null = null;

  /** @param work its own failure is what {@link next} throws */
  constructor(work: (session: CardSession) => Promise<Result>) {
    this.#work = work;
  }

  /**
   * @param answer response APDU to the last command; null at the first step
   * @throws whatever ended the work; {HalError} `protocol`: an answer that nobody waits for, or none where one is due
   */
  next(answer: Uint8Array | null): Promise<RelayStep<Result>> {
    const waiting = this.#waiting;
    if (this.#ended || this.#turn !== null || (answer === null) === this.#started) {
      return Promise.reject(new HalError('protocol', 'this answer of the card belongs to no command'));
    }
    if (answer !== null && (answer.length < 2 || answer.length > LONGEST_ANSWER)) {
      const malformed = new HalError('protocol', 'this is no answer of a card');
      this.close(malformed);
      return Promise.reject(malformed);
    }
    const step = new Promise<RelayStep<Result>>((resolve, reject) => {
      this.#turn = resolve;
      this.#fail = reject;
    });
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    } else if (answer !== null) {
      this.#waiting = null;
      const nowNs = Number(process.hrtime.bigint());
      waiting?.answered({ response: Uint8Array.from(answer), startNs: nowNs, endNs: nowNs });
    }
    return step;
  }

  /** Gives up: the work ends with this error. Harmless after its end. */
  close(reason: Error): void {
    this.#ended = true;
    this.#waiting?.failed(reason);
    this.#waiting = null;
  }

  async #run(): Promise<void> {
    try {
      const result = await this.#work(this.#session());
      this.#ended = true;
      this.#take()?.resolve({ done: true, result });
    } catch (error) {
      this.#ended = true;
      this.#take()?.reject(error);
    }
  }

  #take(): { resolve: (step: RelayStep<Result>) => void; reject: (error: unknown) => void } | null {
    const [resolve, reject] = [this.#turn, this.#fail];
    this.#turn = null;
    this.#fail = null;
    return resolve === null || reject === null ? null : { resolve, reject };
  }

  #session(): CardSession {
    const unsupported = (): Promise<never> =>
      Promise.reject(new HalError('unsupported', 'a card behind a relay is not reset from here'));
    return {
      reader: 'relay',
      atr: new Uint8Array(0),
      protocol: 'relayed',
      transmit: (command) =>
        new Promise<Exchange>((answered, failed) => {
          const turn = this.#take();
          if (turn === null || this.#ended) {
            failed(new HalError('aborted', 'nobody carries commands to this card any more'));
            return;
          }
          this.#waiting = { command, answered, failed };
          turn.resolve({ command: Uint8Array.from(command) });
        }),
      reset: unsupported,
      control: unsupported,
      disconnect: () => Promise.resolve(),
    };
  }
}
