import type { Clock } from '../../src/hal/clock.ts';
import { ForwardingSession } from '../../src/hal/forwarding-session.ts';
import type { CardSession, Exchange } from '../../src/hal/reader.ts';
import type { CommandTime } from '../endpoint/driver.ts';

/**
 * A session with the card on a board that asks the board after each command how long its card took for it. The times of
 * its exchanges go on as if it did not ask: those questions are no part of a tap.
 */
export class MeasuredSession extends ForwardingSession {
  readonly #commandTime: CommandTime;
  readonly #clock: Pick<Clock, 'nowNs'>;
  #us = 0;
  #askedNs = 0;

  /** @param clock the one that gives the session its times */
  constructor(session: CardSession, commandTime: CommandTime, clock: Pick<Clock, 'nowNs'>) {
    super(session);
    this.#commandTime = commandTime;
    this.#clock = clock;
  }

  async transmit(command: Uint8Array): Promise<Exchange> {
    const { response, startNs, endNs } = await this.session.transmit(command);
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
}
