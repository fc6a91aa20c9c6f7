import { toHex } from '../../../src/apdu/hex.ts';
import { LARGEST_COMMAND } from '../../../src/hal/apdu-size.ts';
import type { Clock } from '../../../src/hal/clock.ts';
import { DirectSession, inOrder } from '../../../src/hal/direct-session.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { ActivatedCard } from '../../../src/hal/pn532/activated-card.ts';
import { atrOfAts } from '../../../src/hal/pn532/answer-to-reset.ts';
import { PARAMETER } from '../../../src/hal/pn532/codes.ts';
import type { Pn532Connection, Pn532Port } from '../../../src/hal/pn532/port.ts';
import { pause, realTimers, type Timers } from '../../../src/hal/pn532/transport.ts';
import type { TypeATarget } from '../../../src/hal/pn532/type-a-target.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { parseAts } from '../../../src/iso-dep/ats.ts';
import type { Ats } from '../../../src/iso-dep/index.ts';
import { offersRates } from '../../../src/iso-dep/pps.ts';
import type { Backend } from '../../endpoint/driver.ts';
import { bitRate } from './air.ts';
import type { Metered } from './meter.ts';
import type { AirParameters, LinkParameters } from './result.ts';
import {
  type Accounting,
  type BegunTap,
  HOST,
  measured,
  modelled,
  none,
  residual,
  type TapSource,
  unknown,
} from './source.ts';

/** The chip's own largest frame, both ways. */
const CHIP_FRAME = 64;
const NO_LIMIT_OF_TRIES = 0xff;
/** The chip's tries in one look; a tap begins with the card there. */
const TRIES_A_LOOK = 4;
/** Long enough for any card to forget what it was doing. */
const FIELD_OFF_MS = 10;
const ISO_DEP = 0x20;
/** InPSL's codes. */
const RATE_CODES: Readonly<Record<number, number>> = { 106: 0, 212: 1, 424: 2 };
export const PN532_RATES: readonly number[] = [106, 212, 424];

const STAGES: Accounting['stages'] = {
  detect: residual('from the command that looks for a card, field off, to its first answer: what activation leaves'),
  activate: modelled('REQA to ATS on air; the chip does it in the same command as finding the card'),
  exchanges: measured('each command with its answer'),
  between: HOST,
};

/** On a serial line every byte is seen. */
const ON_LINE: Accounting = {
  residual: 'reader',
  layers: {
    card: unknown("cannot be told from the reader's work, and is part of `reader`"),
    air: modelled('frames and shortest silences for these bytes at the rate and frame sizes in use'),
    reader: residual(
      'from the acknowledgement to the response on the line, without air and without the bytes’ own time',
    ),
    serial: modelled('bytes counted on the line, ten bits each'),
    link: measured('driver, operating system and USB: an exchange without the bytes and the chip’s time'),
    host: HOST,
  },
  stages: STAGES,
};

/** Inside of a USB reader nothing is seen but the whole. */
const IN_USB_READER: Accounting = {
  residual: 'link',
  layers: {
    ...ON_LINE.layers,
    card: unknown('cannot be told apart, and is part of `link`'),
    reader: unknown('cannot be told apart, and is part of `link`'),
    serial: none("the reader's own bus to its chip is part of `link`"),
    link: residual('PC/SC, USB, firmware, chip and card: an exchange without air'),
  },
  stages: STAGES,
};

export interface Pn532SourceOptions {
  readonly port: Pn532Port;
  readonly clock: Clock;
  /** Asked when the port is open. */
  backend(): Backend;
  /** Meter of the line; null when the line is not metered. */
  readonly meter: (() => Metered) | null;
  /** kbit/s to ask the card for by PPS; 106 asks for nothing. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly timers?: Timers;
}

/** A PN532 as the reader. Each tap switches the field on anew. */
export class Pn532Source implements TapSource {
  readonly reader: string;
  readonly backend: Backend;
  readonly accounting: Accounting;
  readonly protocol = 'ISO-DEP';
  readonly seed = null;
  readonly #options: Pn532SourceOptions;
  readonly #timers: Timers;
  #connection: Pn532Connection;
  #air: AirParameters | null = null;
  #uid = '';
  #atr: string | null = null;

  static async open(options: Pn532SourceOptions): Promise<Pn532Source> {
    return new Pn532Source(options, await connect(options.port));
  }

  private constructor(options: Pn532SourceOptions, connection: Pn532Connection) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#connection = connection;
    this.reader = options.port.name;
    this.backend = options.backend();
    this.accounting = options.meter === null ? IN_USB_READER : ON_LINE;
  }

  get connection(): Pn532Connection {
    return this.#connection;
  }

  get card(): string {
    return this.#uid === '' ? 'a card not seen yet' : `a type A card with a UID of ${this.#uid.length / 2} bytes`;
  }

  get atr(): string | null {
    return this.#atr;
  }

  get link(): LinkParameters {
    return { air: this.#air, baudRate: this.#connection.baudRate };
  }

  async prepare(): Promise<void> {
    await this.#connection.chip.rfField(false);
    await pause(this.#timers, FIELD_OFF_MS);
  }

  async begin(signal: AbortSignal): Promise<BegunTap> {
    const { clock, timeoutMs, port } = this.#options;
    const { chip } = this.#connection;
    const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
    this.take();
    for (;;) {
      const startNs = clock.nowNs();
      const [target] = await chip.listTypeA();
      if (target !== undefined) {
        const ats = this.#activated(target);
        await this.#raise(target, ats);
        const endNs = clock.nowNs();
        const atr = atrOfAts(target.ats as Uint8Array);
        this.#atr = toHex(atr);
        const card = new ActivatedCard(chip, target, atr, port.name, this.#timers);
        const session = new DirectSession({
          reader: port.name,
          protocol: 'ISO-DEP',
          card,
          clock,
          largestCommand: LARGEST_COMMAND,
          inOrder: inOrder(),
        });
        return { session, startNs, endNs, metered: this.take() };
      }
      if (signal.aborted) throw new HalError('aborted', 'the wait for a card was cancelled');
      if (clock.nowNs() >= deadlineNs) throw new HalError('no-card', `no card on "${port.name}"`);
      await this.prepare();
      this.take();
    }
  }

  take(): Metered {
    return this.#options.meter?.() ?? { cardNs: null, serialBytes: 0, chipNs: null };
  }

  async end(session: CardSession): Promise<void> {
    await session.disconnect('unpower');
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #activated({ selRes, uid, ats }: TypeATarget): Ats {
    const parsed = ats === null ? null : parseAts(ats);
    if ((selRes & ISO_DEP) === 0 || ats === null || parsed === null) {
      const sak = selRes.toString(16).toUpperCase().padStart(2, '0');
      throw new HalError('protocol', `the card on "${this.reader}" takes no APDUs (SAK ${sak})`);
    }
    this.#uid = Buffer.from(uid).toString('hex');
    this.#air = {
      rateToCard: this.#options.rate,
      rateToReader: this.#options.rate,
      fsc: Math.min(parsed.fsc, CHIP_FRAME),
      fsd: CHIP_FRAME,
      uidLength: uid.length === 10 ? 10 : uid.length === 7 ? 7 : 4,
      atsLength: ats.length,
      source: 'read',
    };
    return parsed;
  }

  async #raise(target: TypeATarget, ats: Ats): Promise<void> {
    const { rate } = this.#options;
    if (rate === 106) return;
    const wanted = bitRate(rate);
    const possible = PN532_RATES.filter((each) => offersRates(ats, { toCard: bitRate(each), toReader: bitRate(each) }));
    if (!offersRates(ats, { toCard: wanted, toReader: wanted })) {
      throw new HalError('unsupported', `this card does not offer ${rate} kbit/s, only ${possible.join(', ')}`);
    }
    const code = RATE_CODES[rate] as number;
    await this.#connection.chip.inPsl(target.number, code, code);
  }
}

async function connect(port: Pn532Port): Promise<Pn532Connection> {
  const connection = await port.open();
  try {
    await connection.chip.setParameters(PARAMETER.autoAtrRes | PARAMETER.autoRats);
    await connection.chip.maxRetries(NO_LIMIT_OF_TRIES, 1, TRIES_A_LOOK);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}
