import { type Metered, UNSEEN } from '../../../../rig/measure/tap/meter.ts';
import type { LinkParameters } from '../../../../rig/measure/tap/result.ts';
import type { Waiter } from '../../../../rig/measure/tap/schedule.ts';
import {
  type Accounting,
  type BegunTap,
  HOST,
  measured,
  none,
  residual,
  type TapSource,
  unknown,
} from '../../../../rig/measure/tap/source.ts';
import { fromHex } from '../../../../src/apdu/hex.ts';
import { HalError, type HalErrorKind } from '../../../../src/hal/errors.ts';
import type { CardSession } from '../../../../src/hal/reader.ts';
import { VirtualClock } from '../../../../src/hal/virtual/clock.ts';

/** What one exchange takes and brings: an answer in hexadecimal, or a reader's failure. */
export interface Scripted {
  readonly ns: number;
  readonly answer: string | HalErrorKind;
}

export const CONNECT_NS = 1_000_000;

const ACCOUNTING: Accounting = {
  residual: 'link',
  layers: {
    card: unknown('in link'),
    air: none('no air'),
    reader: unknown('in link'),
    serial: none('no line'),
    link: residual('all of it'),
    host: HOST,
  },
  stages: { detect: none('there'), activate: measured('connect'), exchanges: measured('exchanges'), between: HOST },
};

/** A reader whose every exchange is written down beforehand; its time is virtual. */
export class ScriptedSource implements TapSource {
  readonly reader = 'scripted';
  readonly card = 'a card of paper';
  readonly backend = 'simulated';
  readonly atr = null;
  readonly protocol = '';
  readonly seed = null;
  readonly accounting: Accounting = ACCOUNTING;
  readonly link: LinkParameters = { air: null, baudRate: null };
  readonly clock: VirtualClock = new VirtualClock();
  /** Taps that were begun, and what was sent in all. */
  begun = 0;
  sent = 0;
  closed = 0;
  readonly #endNs: number;
  readonly #exchange: (tap: number, index: number) => Scripted;

  /** @param exchange by the tap, counted from 0 with warm-up in it, and the exchange's place in it; letting go of the card takes `endNs` */
  constructor(exchange: (tap: number, index: number) => Scripted, options: { readonly endNs?: number } = {}) {
    this.#exchange = exchange;
    this.#endNs = options.endNs ?? 0;
  }

  get waiter(): Waiter {
    const { clock } = this;
    return {
      clock,
      until: async (atNs) => {
        if (atNs > clock.nowNs()) clock.advance(atNs - clock.nowNs());
      },
    };
  }

  async prepare(): Promise<void> {}

  async begin(): Promise<BegunTap> {
    const startNs = this.clock.nowNs();
    this.clock.advance(CONNECT_NS);
    const session = this.#session(this.begun++);
    return { session, startNs, endNs: this.clock.nowNs(), metered: UNSEEN };
  }

  take(): Metered {
    return UNSEEN;
  }

  async end(): Promise<void> {
    this.clock.advance(this.#endNs);
    this.closed++;
  }

  async close(): Promise<void> {}

  #session(tap: number): CardSession {
    let index = 0;
    return {
      reader: this.reader,
      protocol: '',
      atr: Uint8Array.of(0x3b, 0),
      transmit: async () => {
        const { ns, answer } = this.#exchange(tap, index++);
        this.sent++;
        const startNs = this.clock.nowNs();
        this.clock.advance(ns);
        if (/[g-z-]/.test(answer)) throw new HalError(answer as HalErrorKind, `scripted: ${answer}`);
        return { response: fromHex(answer), startNs, endNs: this.clock.nowNs() };
      },
      reset: async () => {},
      control: async () => new Uint8Array(0),
      disconnect: async () => {},
    };
  }
}
