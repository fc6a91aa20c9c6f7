import { sizeRefusal } from './apdu-size.ts';
import type { Clock } from './clock.ts';
import { HalError, type HalErrorKind } from './errors.ts';
import type { CardSession, Disposition, Exchange } from './reader.ts';

/** A card that a driver of ours reaches itself, with no PC/SC service between. */
export interface DirectCard {
  readonly atr: Uint8Array;
  /** @returns the response, status word included; the caller's own copy */
  transmit(command: Uint8Array): Promise<Uint8Array>;
  reset(mode: 'warm' | 'cold'): Promise<void>;
  powerOff(): Promise<void>;
}

/** Does the work when what was given before it has ended, however that ended. */
export type InOrder = <T>(work: () => Promise<T>) => Promise<T>;

/** An order of work of its own. */
export function inOrder(): InOrder {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => {});
    return mine;
  };
}

/** Kinds after which nothing more can come of a session. */
const FINAL: ReadonlySet<HalErrorKind> = new Set(['card-removed', 'reader-lost', 'timeout', 'aborted']);

export interface DirectSessionOptions {
  /** Name of the reader, for people. */
  readonly reader: string;
  readonly protocol: string;
  readonly card: DirectCard;
  /** Gives the times of exchanges. */
  readonly clock: Clock;
  /** Bytes of the longest command that the reader carries. */
  readonly largestCommand: number;
  /** That of everything that goes over the same line. */
  readonly inOrder: InOrder;
}

/** A session with such a card; the card stays as it is after a session that leaves it. */
export class DirectSession implements CardSession {
  readonly #options: DirectSessionOptions;
  /** Why nothing more can be sent. */
  #over: Error | null = null;

  constructor(options: DirectSessionOptions) {
    this.#options = options;
  }

  get reader(): string {
    return this.#options.reader;
  }

  get protocol(): string {
    return this.#options.protocol;
  }

  get atr(): Uint8Array {
    return this.#options.card.atr;
  }

  get ended(): boolean {
    return this.#over !== null;
  }

  transmit(command: Uint8Array): Promise<Exchange> {
    const { card, clock, largestCommand, reader } = this.#options;
    const refusal = sizeRefusal(command, largestCommand, `"${reader}"`);
    if (refusal !== null) return Promise.reject(refusal);
    return this.#watched(async () => {
      const startNs = clock.nowNs();
      const response = await card.transmit(command);
      return { response, startNs, endNs: clock.nowNs() };
    });
  }

  reset(mode: 'warm' | 'cold'): Promise<void> {
    return this.#watched(() => this.#options.card.reset(mode));
  }

  /** What these readers are asked is a command for a chip, which would not know of our session. */
  control(): Promise<Uint8Array> {
    return Promise.reject(
      new HalError('unsupported', `"${this.#options.reader}" has no channel for commands of its own`),
    );
  }

  async disconnect(disposition: Disposition = 'reset'): Promise<void> {
    if (this.#over !== null) return;
    const { card } = this.#options;
    try {
      await this.#options.inOrder(async () => {
        if (this.#over !== null) return;
        if (disposition === 'unpower') await card.powerOff();
        if (disposition === 'reset') await card.reset('warm');
      });
    } catch (error) {
      // The card or the reader has gone, and the session with it.
      if (!(error instanceof HalError)) throw error;
    } finally {
      this.end(new HalError('aborted', 'this session has ended'));
    }
  }

  /** Nothing more can be sent, for this reason. */
  end(reason: Error): void {
    this.#over ??= reason;
  }

  #watched<T>(work: () => Promise<T>): Promise<T> {
    return this.#options.inOrder(async () => {
      if (this.#over !== null) throw this.#over;
      try {
        return await work();
      } catch (error) {
        // Closed by ourselves in the middle: that is the reason, whatever the card made of it.
        if (this.#over !== null) throw this.#over;
        if (error instanceof HalError && FINAL.has(error.kind)) this.#over = error;
        throw error;
      }
    });
  }
}
