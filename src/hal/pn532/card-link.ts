import { UNLIMITED } from '../apdu-size.ts';
import type { CardInterface, CardLink, DistantCard, LinkEvent, LinkedCard, LinkLimits } from '../card-link.ts';
import type { Clock } from '../clock.ts';
import { HalError, READER_ABSENT } from '../errors.ts';
import type { Random } from '../random.ts';
import { historicalBytesOf } from './answer-to-reset.ts';
import { LARGEST_DATA } from './codes.ts';
import { serveAsPicc } from './picc-target.ts';
import type { Pn532Connection, Pn532Port } from './port.ts';
import { serveRaw } from './raw-target.ts';
import { ReportingCard } from './reporting-card.ts';
import { realTimers, type Timers } from './transport.ts';

/** The interface bytes of the chip's own ATS; TL and the historical bytes are the card's. */
const FIXED_ATS: Readonly<Uint8Array> = Uint8Array.of(0x05, 0x75, 0x33, 0x92, 0x03);

const PICC_LIMITS: LinkLimits = {
  largestCommand: LARGEST_DATA,
  largestResponse: LARGEST_DATA,
  historicalBytes: 15,
  fixedAts: FIXED_ATS as Uint8Array,
  uid: 'random-4',
};

const RAW_LIMITS: LinkLimits = {
  ...UNLIMITED,
  uid: 'random-4',
};

/** Below it the ATS of our own cannot be back in time. */
const SLOWEST_RAW_LINE = 921_600;

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;

/** A board that was just plugged in may also be claimed by others, or not be awake yet. */
const NOT_YET = new Set([...READER_ABSENT, 'busy', 'permission', 'timeout', 'protocol']);

export interface Pn532CardLinkOptions {
  readonly port: Pn532Port;
  /** Gives the times of exchanges and events. */
  readonly clock: Clock;
  /** Makes the UIDs. */
  readonly random: Random;
  /** `picc`: the chip's own protocol, short APDUs. `raw`: ours, APDUs of any length, on a fast line. `picc` by default. */
  readonly mode?: 'picc' | 'raw';
  /** What a reader is told that this card is; `contactless` by default. */
  readonly interface?: CardInterface;
  /** Waits for a board that is not there yet instead of failing; false by default. */
  readonly waitForPeer?: boolean;
  /** Shorter than the chip's where something stands between: what one transfer of the port carries. */
  readonly largestResponse?: number;
  readonly timers?: Timers;
}

/** A PN532 as a card: our card in the field of any reader. */
export class Pn532CardLink implements CardLink {
  readonly name: string;
  readonly interface: CardInterface;
  readonly limits: LinkLimits;
  /** Whether it is a `PatientCardLink`: the chip's own protocol asks the reader for time, ours wants to know how much. */
  readonly patient: boolean;
  readonly #options: Pn532CardLinkOptions;
  #serving: Serving | null = null;

  constructor(options: Pn532CardLinkOptions) {
    const { port, mode = 'picc', interface: cardInterface = 'contactless' } = options;
    this.name = mode === 'raw' ? `${port.name},raw` : port.name;
    this.interface = cardInterface;
    this.patient = mode === 'picc';
    const limits = mode === 'raw' ? RAW_LIMITS : PICC_LIMITS;
    const largestResponse = Math.min(options.largestResponse ?? limits.largestResponse, limits.largestResponse);
    this.limits = { ...limits, largestResponse };
    this.#options = options;
  }

  async serve(card: LinkedCard | DistantCard, onEvent?: (event: LinkEvent) => void): Promise<void> {
    if (this.#serving !== null) throw new HalError('busy', `a card is already served on ${this.name}`);
    const serving = new Serving(this.#options, card, onEvent);
    this.#serving = serving;
    try {
      await serving.run();
    } finally {
      if (this.#serving === serving) this.#serving = null;
    }
  }

  stop(): void {
    this.#serving?.stop();
  }
}

/** One card on one board, from `serve` to `stop`, over as many times of plugging in as it takes. */
class Serving {
  readonly #options: Pn532CardLinkOptions;
  readonly #card: ReportingCard;
  readonly #timers: Timers;
  #connection: Pn532Connection | null = null;
  #stopped = false;
  readonly #opening: AbortController = new AbortController();
  #everAttached = false;
  #wake: () => void = () => {};

  constructor(
    options: Pn532CardLinkOptions,
    card: LinkedCard | DistantCard,
    onEvent: ((event: LinkEvent) => void) | undefined,
  ) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#card = new ReportingCard(card, options.clock, (event) => {
      if (!this.#stopped) onEvent?.(event);
    });
  }

  async run(): Promise<void> {
    try {
      for (let retryMs = FIRST_RETRY_MS; !this.#stopped; ) {
        const connection = await this.#open();
        if (connection === null) {
          await this.#pause(retryMs);
          retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
          continue;
        }
        retryMs = FIRST_RETRY_MS;
        await this.#serve(connection);
      }
    } finally {
      this.#stopped = true;
      this.#card.unplugged();
    }
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake();
    this.#opening.abort();
    this.#connection?.chip.transport.abort();
  }

  /** @returns null when the board is not there and may be later */
  async #open(): Promise<Pn532Connection | null> {
    try {
      return await this.#options.port.open(this.#opening.signal);
    } catch (error) {
      if (this.#stopped && error instanceof HalError) return null;
      const kinds = this.#everAttached ? NOT_YET : READER_ABSENT;
      const mayWait = this.#everAttached || this.#options.waitForPeer === true;
      if (mayWait && error instanceof HalError && kinds.has(error.kind)) return null;
      throw error;
    }
  }

  /** Until `stop`, or until the board goes away. */
  async #serve(connection: Pn532Connection): Promise<void> {
    this.#connection = connection;
    try {
      if (this.#stopped) return;
      if (this.#options.mode === 'raw') checkFastEnough(connection, this.#options.port.name);
      this.#everAttached = true;
      this.#card.report('attached');
      const scene = {
        chip: connection.chip,
        card: this.#card,
        random: this.#options.random,
        timers: this.#timers,
        historicalBytes: historicalBytesOf(this.#card.atr()),
        stopped: () => this.#stopped,
      };
      await (this.#options.mode === 'raw' ? serveRaw(scene) : serveAsPicc(scene));
    } catch (error) {
      if (this.#stopped && error instanceof HalError) return;
      if (!(error instanceof HalError) || error.kind !== 'reader-lost' || error === this.#card.failure) throw error;
      this.#card.unplugged();
      this.#card.report('lost');
    } finally {
      this.#connection = null;
      await connection.close();
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#timers.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
      if (this.#stopped) this.#wake();
    });
  }
}

function checkFastEnough(connection: Pn532Connection, name: string): void {
  const { baudRate } = connection;
  if (baudRate !== null && baudRate >= SLOWEST_RAW_LINE) return;
  const found = baudRate === null ? 'a reader in between' : `${baudRate} baud`;
  const words = `raw target mode on ${name} needs ${SLOWEST_RAW_LINE} baud, not ${found}: leave out "raw"`;
  throw new HalError('unsupported', words);
}
