import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { Card } from '../../../src/applet/card.ts';
import type { CardPort } from '../../../src/applet/card-port.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession, Exchange } from '../../../src/hal/reader.ts';

/**
 * The phone's own way to its card: the wired interface. Each session is a port of its own, with nothing selected and
 * nothing proven.
 */
export class WiredSession implements CardSession {
  readonly reader = 'the phone';
  readonly atr: Uint8Array;
  readonly protocol = 'wired';
  readonly #port: CardPort;
  readonly #now: () => number;

  /** @param now of a monotonic clock, in nanoseconds */
  constructor(card: Card, now: () => number) {
    this.atr = card.atr;
    this.#port = card.port('wired');
    this.#port.powerOn();
    this.#now = now;
  }

  /** One command, one answer, at once. */
  exchange(command: Uint8Array): Uint8Array {
    const length = this.#port.process(command, 0, command.length);
    return copyBytes(this.#port.response, 0, length);
  }

  transmit(command: Uint8Array): Promise<Exchange> {
    const startNs = this.#now();
    const response = this.exchange(command);
    return Promise.resolve({ response, startNs, endNs: this.#now() });
  }

  reset(): Promise<void> {
    this.#port.reset();
    return Promise.resolve();
  }

  control(): Promise<Uint8Array> {
    return Promise.reject(new HalError('unsupported', 'a phone takes no commands for a reader'));
  }

  disconnect(): Promise<void> {
    this.#port.fieldOff();
    return Promise.resolve();
  }
}
