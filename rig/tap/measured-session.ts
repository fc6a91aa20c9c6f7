import type { Clock } from '../../src/hal/clock.ts';
import type { CardSession, Disposition, Exchange } from '../../src/hal/reader.ts';
import type { CommandTime } from '../endpoint/driver.ts';

/**
 * A session with the card on a board that asks the board after each command how long its card took for it. The times of
 * its exchanges go on as if it did not ask: those questions are no part of a tap.
 */
export class MeasuredSession implements CardSession {
  readonly #session: CardSession;
  readonly #commandTime: CommandTime;
  readonly #clock: Pick<Clock, 'nowNs'>;
  #us = 0;
  #askedNs = 0;

  /** @param clock the one that gives the session its times */
  constructor(session: CardSession, commandTime: CommandTime, clock: Pick<Clock, 'nowNs'>) {
    this.#session = session;
    this.#commandTime = commandTime;
    this.#clock = clock;
  }

  get reader(): string {
    return this.#session.reader;
  }

  get protocol(): string {
    return this.#session.protocol;
  }

  get atr(): Uint8Array {
    return this.#session.atr;
  }

  async transmit(command: Uint8Array): Promise<Exchange> {
    const { response, startNs, endNs } = await this.#session.transmit(command);
    const before = this.#askedNs;
    const askNs = this.#clock.nowNs();
    this.#us += await this.#commandTime();
    this.#askedNs += this.#clock.nowNs() - askNs;
    return { response, startNs: startNs - before, endNs: endNs - before };
  }

  /** Microseconds in the card since this was asked last: those of one command and of what fetched the rest of its answer. */
  take(): number {
    const us = this.#us;
    this.#us = 0;
    return us;
  }

  reset(mode: 'warm' | 'cold'): Promise<void> {
    return this.#session.reset(mode);
  }

  control(code: number, data: Uint8Array): Promise<Uint8Array> {
    return this.#session.control(code, data);
  }

  disconnect(disposition?: Disposition): Promise<void> {
    return this.#session.disconnect(disposition);
  }
}
