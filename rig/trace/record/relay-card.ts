import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { DistantCard } from '../../../src/hal/card-link.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { ChannelFailure } from '../../channel/channel-failure.ts';
import type { SessionRecorder } from './recorded-reader.ts';

export interface RelayCardOptions {
  /** With a card that was just powered on. */
  readonly session: CardSession;
  readonly clock: Clock;
  /** Where what passes is written down. */
  readonly recorder: SessionRecorder;
  /** Longest response that the link to the terminal carries. */
  readonly largestResponse: number;
  /** Called after each exchange. Times in nanoseconds of the clock. */
  readonly onExchange: (cardNs: number) => void;
  /** Nothing more can come of this card. Called once, not from inside a call of the link's. */
  readonly onGone: (error: HalError) => void;
}

/** Header only: the shortest command. A PC/SC reader takes none that is shorter. */
const SHORTEST_COMMAND = 4;
/** For what secure messaging has no form for. */
const CLASS_NOT_SUPPORTED = Uint8Array.of(0x6e, 0x00);
const WRONG_LENGTH = Uint8Array.of(0x67, 0x00);

/**
 * The card in another reader, as the card on a link. Commands, resets and the loss of power go through to it in their
 * order; times in the trace are those of the card's reader.
 */
export class RelayCard implements DistantCard {
  readonly response: Uint8Array;
  /** Commands that came. */
  commands = 0;
  /** Commands that were too short to be sent on, and got 6700 from the relay itself. */
  tooShort = 0;
  readonly #options: RelayCardOptions;
  readonly #atr: Uint8Array;
  /** Resets under way. */
  #settled: Promise<void> = Promise.resolve();
  /** Whether the card has heard nothing since it was reset. */
  #fresh = true;
  #failure: HalError | null = null;
  #ended = false;

  constructor(options: RelayCardOptions) {
    this.#options = options;
    this.#atr = options.session.atr;
    this.response = new Uint8Array(options.largestResponse);
  }

  /** Why nothing more can come of it, or null. */
  get failure(): HalError | null {
    return this.#failure;
  }

  atr(): Uint8Array {
    return this.#failure === null && !this.#ended ? this.#options.session.atr : this.#atr;
  }

  powerOn(): void {
    this.#record('on');
    // A terminal may give power twice without taking it away.
    this.#reset('cold', false);
  }

  reset(): void {
    this.#record('reset');
    this.#reset('warm', true);
  }

  /** The card loses its power for a moment, and waits as new. */
  fieldOff(): void {
    this.#record('off');
    this.#reset('cold', false);
  }

  deselect(): void {
    this.#record('off');
    this.#reset('cold', false);
  }

  async process(buffer: Uint8Array, offset: number, length: number): Promise<number> {
    const { session, clock, recorder, onExchange } = this.#options;
    const command = copyBytes(buffer, offset, offset + length);
    await this.#settled;
    if (this.#failure !== null) throw this.#failure;
    if (this.#ended) throw new HalError('aborted', 'the relay has ended');
    this.commands++;
    recorder.command(command, clock.nowNs());
    if (length < SHORTEST_COMMAND) {
      this.tooShort++;
      recorder.response(WRONG_LENGTH, clock.nowNs());
      recorder.note('too short to be sent on: the relay answered', clock.nowNs());
      return this.#give(WRONG_LENGTH);
    }
    this.#fresh = false;
    try {
      const { response, startNs, endNs } = await session.transmit(command);
      if (this.#ended) throw new HalError('aborted', 'the relay has ended');
      recorder.response(response, endNs);
      onExchange(endNs - startNs);
      return this.#give(response);
    } catch (error) {
      if (error instanceof ChannelFailure && error.kind === 'not-protectable') {
        recorder.note(`${error.message}: the relay answered 6E00`, clock.nowNs());
        return this.#give(CLASS_NOT_SUPPORTED);
      }
      this.#fail(error);
      throw error;
    }
  }

  /** The terminal's side has ended: what comes later is not for the card. */
  end(): void {
    this.#ended = true;
  }

  /** The card was seen to be gone. */
  lose(error: HalError): void {
    this.#fail(error);
  }

  #give(response: Uint8Array): number {
    if (response.length > this.response.length) {
      const words = `the card answered ${response.length} bytes, and the terminal's side carries ${this.response.length}`;
      throw new HalError('too-long', words);
    }
    this.response.set(response);
    return response.length;
  }

  #record(state: 'on' | 'reset' | 'off'): void {
    if (this.#ended || this.#failure !== null) return;
    const { recorder, clock } = this.#options;
    if (state === 'off') recorder.power('off', clock.nowNs());
    else recorder.power(state, clock.nowNs(), this.atr());
  }

  /** @param always a reset that was asked for by name, however new the card is */
  #reset(mode: 'warm' | 'cold', always: boolean): void {
    if (this.#ended || this.#failure !== null || (this.#fresh && !always)) return;
    this.#fresh = true;
    this.#settled = this.#settled
      .then(() => (this.#ended || this.#failure !== null ? undefined : this.#options.session.reset(mode)))
      .catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#failure !== null || this.#ended) return;
    if (!(error instanceof HalError)) throw error;
    this.#failure = error;
    setImmediate(() => this.#options.onGone(error));
  }
}
