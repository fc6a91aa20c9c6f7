import type { Clock } from '../../../src/hal/clock.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { CardSession, Reader } from '../../../src/hal/reader.ts';
import { parseAts } from '../../../src/iso-dep/ats.ts';
import type { Backend, CommandTime, ForeignReader, ReaderDriver } from '../../endpoint/driver.ts';
import { MeasuredSession } from '../../tap/measured-session.ts';
import { PLAIN_AIR } from './floor.ts';
import { type Metered, UNSEEN } from './meter.ts';
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

const STAGES: Accounting['stages'] = {
  detect: none('the card lies in the reader, which has seen it before the tap'),
  activate: measured('connecting, with power off before: the reader activates the card'),
  exchanges: measured('each command with its answer'),
  between: HOST,
};

const OVER_AIR: Accounting = {
  residual: 'link',
  layers: {
    card: unknown('cannot be told apart, and is part of `link`'),
    air: modelled('frames and shortest silences for these bytes; the rate is the lowest that the times allow'),
    reader: unknown('cannot be told apart, and is part of `link`'),
    serial: none('no serial line is in sight'),
    link: residual('driver, USB, reader and card: an exchange without air'),
    host: HOST,
  },
  stages: STAGES,
};

const WITHOUT_AIR: Accounting = {
  residual: 'link',
  layers: {
    ...OVER_AIR.layers,
    air: none('this card is reached by contacts or through a virtual reader'),
    link: residual('driver, reader and card: the whole exchange'),
  },
  stages: STAGES,
};

/** A board that says what its card took. */
const ON_A_BOARD: Accounting = {
  residual: 'link',
  layers: {
    ...WITHOUT_AIR.layers,
    card: measured('time of the commands in the firmware of the board, by its own clock'),
    reader: none('the card is in the board'),
    serial: unknown('cannot be told apart, and is part of `link`'),
    link: residual('driver, serial line, and what the board does around a command'),
  },
  stages: STAGES,
};

/** PC/SC Part 3: `FF CA 01 00 00` asks the reader for the card's ATS, `FF CA 00 00 00` for its UID. */
const GET_ATS: Uint8Array = Uint8Array.of(0xff, 0xca, 0x01, 0x00, 0x00);
const GET_UID: Uint8Array = Uint8Array.of(0xff, 0xca, 0x00, 0x00, 0x00);

/** A card in a reader that is seen from outside only. */
export class ReaderSource implements TapSource {
  readonly seed = null;
  readonly #reader: Reader;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pseudoApdus: boolean;
  readonly #backendAt: (reader: string) => Backend;
  /** The part of a name that was asked for, until the reader is known. */
  readonly #wanted: string | null;
  #name: string | null = null;
  #atr: string | null = null;
  #protocol = '';
  #commandTime: CommandTime | null = null;
  #measured: MeasuredSession | null = null;
  readonly #commandTimeOf: ForeignReader['commandTime'];
  #air: AirParameters | null = null;

  constructor(options: {
    readonly reader: Reader;
    readonly name: string | null;
    readonly driver: Pick<ReaderDriver<unknown>, 'pseudoApdus'>;
    backendAt(reader: string): Backend;
    readonly commandTime?: ForeignReader['commandTime'];
    readonly clock: Clock;
    readonly timeoutMs: number;
  }) {
    this.#reader = options.reader;
    this.#wanted = options.name;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
    this.#pseudoApdus = options.driver.pseudoApdus;
    this.#backendAt = options.backendAt;
    this.#commandTimeOf = options.commandTime;
  }

  get reader(): string {
    return this.#name ?? this.#wanted ?? this.#reader.driver;
  }

  get card(): string {
    return this.#atr === null ? 'a card not seen yet' : `the card with ATR ${this.#atr}`;
  }

  get atr(): string | null {
    return this.#atr;
  }

  get protocol(): string {
    return this.#protocol;
  }

  get backend(): Backend {
    return this.#backendAt(this.reader);
  }

  get accounting(): Accounting {
    if (this.#commandTime !== null) return ON_A_BOARD;
    return this.#air === null ? WITHOUT_AIR : OVER_AIR;
  }

  get link(): LinkParameters {
    return { air: this.#air, baudRate: null };
  }

  async prepare(): Promise<void> {
    if (this.#name !== null) return;
    this.#commandTime = (await this.#commandTimeOf?.({ timeoutMs: this.#timeoutMs })) ?? null;
    const session = await this.#connect();
    this.#name = session.reader;
    this.#atr = Buffer.from(session.atr).toString('hex').toUpperCase();
    this.#protocol = session.protocol;
    this.#air = this.#pseudoApdus && this.backend === 'hardware' ? await airOf(session) : null;
    await session.disconnect('unpower');
  }

  async begin(signal: AbortSignal): Promise<BegunTap> {
    const startNs = this.#clock.nowNs();
    const session = await this.#connect(signal);
    return { session, startNs, endNs: this.#clock.nowNs(), metered: UNSEEN };
  }

  take(): Metered {
    return this.#measured === null ? UNSEEN : { ...UNSEEN, cardNs: this.#measured.take() * 1000 };
  }

  async end(session: CardSession): Promise<void> {
    await session.disconnect('unpower');
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #connect(signal?: AbortSignal): Promise<CardSession> {
    const name = this.#name ?? this.#wanted;
    const session = await this.#reader.connect({
      timeoutMs: this.#timeoutMs,
      ...(name === null ? {} : { reader: name }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (this.#commandTime === null) return session;
    this.#measured = new MeasuredSession(session, this.#commandTime, this.#clock);
    return this.#measured;
  }
}

/** What the reader says of the air between it and its card; null without air. */
async function airOf(session: CardSession): Promise<AirParameters | null> {
  const { atr } = session;
  const contactless = atr[0] === 0x3b && ((atr[1] ?? 0) & 0xf0) === 0x80 && atr[2] === 0x80 && atr[3] === 0x01;
  if (!contactless) return null;
  const ask = async (command: Uint8Array): Promise<Uint8Array | null> => {
    try {
      const { response } = await session.transmit(command);
      return response.at(-2) === 0x90 && response.at(-1) === 0x00 ? response.subarray(0, -2) : null;
    } catch (error) {
      // Readers that do not know it may answer with anything.
      if (error instanceof HalError) return null;
      throw error;
    }
  };
  const uid = await ask(GET_UID);
  const ats = await ask(GET_ATS);
  const parsed = ats === null ? null : parseAts(ats);
  const uidLength = uid?.length === 7 || uid?.length === 10 ? uid.length : 4;
  if (ats === null || parsed === null) return { ...PLAIN_AIR, uidLength };
  return { ...PLAIN_AIR, uidLength, fsc: parsed.fsc, atsLength: ats.length, source: 'read' };
}
