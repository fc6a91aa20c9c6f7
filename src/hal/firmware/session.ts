import { sizeRefusal } from '../apdu-size.ts';
import type { Clock } from '../clock.ts';
import { HalError } from '../errors.ts';
import type { CardSession, Disposition, Exchange } from '../reader.ts';
import { type FirmwareWire, LARGEST_MESSAGE } from './wire.ts';

/** A session with the card in a board's firmware. */
export class FirmwareSession implements CardSession {
  readonly protocol = 'direct';
  readonly reader: string;
  readonly #wire: FirmwareWire;
  readonly #clock: Clock;
  #atr: Uint8Array;
  /** Commands are sent one after the other, in the order in which they were asked for. */
  #last: Promise<unknown> = Promise.resolve();
  /** Why nothing more can be sent. */
  #over: HalError | null = null;

  constructor(reader: string, wire: FirmwareWire, atr: Uint8Array, clock: Clock) {
    this.reader = reader;
    this.#wire = wire;
    this.#atr = atr;
    this.#clock = clock;
  }

  get atr(): Uint8Array {
    return this.#atr;
  }

  get ended(): boolean {
    return this.#over !== null;
  }

  transmit(command: Uint8Array): Promise<Exchange> {
    const refusal = sizeRefusal(command, LARGEST_MESSAGE, `"${this.reader}"`);
    if (refusal !== null) return Promise.reject(refusal);
    return this.#inOrder(async () => {
      const startNs = this.#clock.nowNs();
      const response = await this.#wire.transmit(command);
      return { response, startNs, endNs: this.#clock.nowNs() };
    });
  }

  reset(mode: 'warm' | 'cold'): Promise<void> {
    return this.#inOrder(async () => {
      if (mode === 'warm') await this.#wire.reset();
      else {
        await this.#wire.powerOff();
        await this.#wire.powerOn();
      }
      this.#atr = await this.#wire.atr();
    });
  }

  control(): Promise<Uint8Array> {
    return Promise.reject(new HalError('unsupported', `"${this.reader}" has no channel for commands of its own`));
  }

  async disconnect(disposition: Disposition = 'reset'): Promise<void> {
    if (this.#over !== null) return;
    try {
      await this.#inOrder(async () => {
        if (disposition === 'reset') await this.#wire.reset();
        if (disposition === 'unpower') await this.#wire.powerOff();
      });
    } catch (error) {
      // The card or the board has gone, and the session with it.
      if (!(error instanceof HalError)) throw error;
    } finally {
      this.end(new HalError('aborted', 'this session has ended'));
    }
  }

  /** Nothing more can be sent, for this reason. */
  end(reason: HalError): void {
    this.#over ??= reason;
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(async () => {
      if (this.#over !== null) throw this.#over;
      try {
        return await work();
      } catch (error) {
        // Closed by ourselves in the middle: that is the reason.
        if (this.#over !== null) throw this.#over;
        if (error instanceof HalError && error.kind !== 'too-long') this.#over = error;
        throw error;
      }
    });
    this.#last = mine.catch(() => {});
    return mine;
  }
}
