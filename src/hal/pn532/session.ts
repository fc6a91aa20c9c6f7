import { LARGEST_COMMAND, sizeRefusal } from '../apdu-size.ts';
import type { Clock } from '../clock.ts';
import { HalError } from '../errors.ts';
import type { CardSession, Disposition, Exchange } from '../reader.ts';
import type { ActivatedCard } from './activated-card.ts';

/** Kinds after which nothing more can come of a session. */
const FINAL = new Set(['card-removed', 'reader-lost', 'timeout', 'aborted']);

/** A session with the card that the chip has activated; the card stays activated after it. */
export class Pn532Session implements CardSession {
  readonly reader: string;
  readonly protocol = 'ISO-DEP';
  readonly #card: ActivatedCard;
  readonly #clock: Clock;
  readonly #inOrder: <T>(work: () => Promise<T>) => Promise<T>;
  /** Why nothing more can be sent. */
  #over: Error | null = null;

  constructor(reader: string, card: ActivatedCard, clock: Clock, inOrder: <T>(work: () => Promise<T>) => Promise<T>) {
    this.reader = reader;
    this.#card = card;
    this.#clock = clock;
    this.#inOrder = inOrder;
  }

  get atr(): Uint8Array {
    return this.#card.atr;
  }

  get ended(): boolean {
    return this.#over !== null;
  }

  /** UID of the card's last activation. */
  get uid(): Uint8Array {
    return this.#card.uid;
  }

  transmit(command: Uint8Array): Promise<Exchange> {
    const refusal = sizeRefusal(command, LARGEST_COMMAND, `"${this.reader}"`);
    if (refusal !== null) return Promise.reject(refusal);
    return this.#watched(async () => {
      const startNs = this.#clock.nowNs();
      const response = await this.#card.transmit(command);
      return { response, startNs, endNs: this.#clock.nowNs() };
    });
  }

  reset(mode: 'warm' | 'cold'): Promise<void> {
    return this.#watched(() => this.#card.reset(mode));
  }

  /** What this reader is asked is a command for the chip, which would not know of our session. */
  control(): Promise<Uint8Array> {
    return Promise.reject(new HalError('unsupported', `"${this.reader}" has no channel for commands of its own`));
  }

  async disconnect(disposition: Disposition = 'reset'): Promise<void> {
    if (this.#over !== null) return;
    try {
      await this.#inOrder(async () => {
        if (this.#over !== null) return;
        if (disposition === 'unpower') await this.#card.powerOff();
        if (disposition === 'reset') await this.#card.reset('warm');
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
    return this.#inOrder(async () => {
      if (this.#over !== null) throw this.#over;
      try {
        return await work();
      } catch (error) {
        // Closed by ourselves in the middle: that is the reason, whatever the chip made of it.
        if (this.#over !== null) throw this.#over;
        if (error instanceof HalError && FINAL.has(error.kind)) this.#over = error;
        throw error;
      }
    });
  }
}
