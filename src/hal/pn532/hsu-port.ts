import { HalError } from '../errors.ts';
import type { SerialLineOpener } from '../serial-line.ts';
import { type FirmwareVersion, Pn532 } from './chip.ts';
import { BAUD_RATES, COMMAND } from './codes.ts';
import { encodeFrame, TFI } from './frame.ts';
import { HsuTransport } from './hsu.ts';
import { identify, notThisChip } from './identify.ts';
import type { Pn532Connection, Pn532Port } from './port.ts';
import type { Repairs } from './repairs.ts';
import { Pn532SyntaxError } from './status.ts';
import { pause, realTimers, type Timers } from './transport.ts';

/** What the chip speaks after power-up, and after every well-ended session. */
export const POWER_UP_BAUD_RATE = 115_200;
/** The fastest that every host has. */
export const FAST_BAUD_RATE = 921_600;

/** Bytes enough for a line that loses some to be noticed. */
const ECHO: Uint8Array = Uint8Array.from({ length: 200 }, (_, i) => (i * 37) & 0xff);
/**
 * How long the chip is given to change its rate, in turn. Its own time is the first; a busy machine may not yet have
 * passed on what makes it change, and nothing is wrong with the line.
 */
const CHANGE_MS: readonly number[] = [2, 20, 200];
/** Where a chip is looked for: the rate of power-up first. */
const WAKE_RATES: readonly number[] = [POWER_UP_BAUD_RATE, 921_600, 460_800, 230_400, 1_288_000];
const FALL_ASLEEP_MS = 2;
/** A chip that takes longer than this to be put to sleep is told to sleep, and not listened to. */
export const LONGEST_GOODBYE_MS = 2000;
/** Everything but the field of a reader wakes the chip: what libnfc says at its end. */
const WAKE_BY_HOST = 0xf0;

/** Said to a chip whose answers do not arrive: it may hear well. */
export const SLEEP: Readonly<Uint8Array> = encodeFrame(TFI.hostToChip, Uint8Array.of(COMMAND.powerDown, WAKE_BY_HOST));

/** Knows a serial port again when it comes back under another path. */
export interface SerialPortFinder {
  /** What tells this port's adapter from others; null when nothing does. */
  identify(path: string): Promise<string | null>;
  /** @returns where the adapter is now, or null */
  find(identity: string): Promise<string | null>;
}

export interface HsuPortOptions {
  readonly opener: SerialLineOpener;
  readonly path: string;
  /** What the line is brought to; the next lower rate that works is taken. 921600 by default. */
  readonly baudRate?: number;
  readonly timers?: Timers;
  readonly finder?: SerialPortFinder;
  /** Where the repairs of every opening are counted. */
  readonly repairs?: Repairs;
}

/** A PN532 on a serial port. */
export class HsuPort implements Pn532Port {
  readonly name: string;
  readonly #options: HsuPortOptions;
  #identity: string | null = null;

  /** @throws {RangeError} for a rate that the chip does not have */
  constructor(options: HsuPortOptions) {
    const { path, baudRate = FAST_BAUD_RATE } = options;
    if (!BAUD_RATES.includes(baudRate)) throw new RangeError(`${baudRate} is no baud rate of the PN532`);
    this.name = `pn532:${path}`;
    this.#options = options;
  }

  async open(signal?: AbortSignal): Promise<HsuConnection> {
    const { opener, timers = realTimers, baudRate = FAST_BAUD_RATE, repairs } = this.#options;
    const path = await this.#path();
    const line = await opener.open(path, POWER_UP_BAUD_RATE);
    const connection = new HsuConnection(new HsuTransport(line, timers, repairs));
    const stop = (): void => connection.transport.abort();
    signal?.addEventListener('abort', stop);
    try {
      if (signal?.aborted === true) throw new HalError('aborted', `the opening of ${this.name} was cancelled`);
      if (this.#identity === null) this.#learnIdentity(path);
      await connection.begin(baudRate);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Not waited for: it is of use only when the adapter has gone. */
  #learnIdentity(path: string): void {
    this.#options.finder?.identify(path).then(
      (identity) => {
        this.#identity ??= identity;
      },
      () => {},
    );
  }

  /** Where the adapter is now: an unplugged one may come back under another name. */
  async #path(): Promise<string> {
    const found = this.#identity === null ? null : await this.#options.finder?.find(this.#identity);
    return found ?? this.#options.path;
  }
}

export class HsuConnection implements Pn532Connection {
  readonly chip: Pn532;
  readonly transport: HsuTransport;
  #firmware: FirmwareVersion | null = null;
  /** Whether the chip was heard: only then is there something to put to sleep. */
  #awake = false;
  #closing: Promise<void> | null = null;

  constructor(transport: HsuTransport) {
    this.transport = transport;
    this.chip = new Pn532(transport);
  }

  get firmware(): FirmwareVersion {
    if (this.#firmware === null) throw new Error('the chip was not asked for its firmware yet');
    return this.#firmware;
  }

  get baudRate(): number {
    return this.transport.line.baudRate;
  }

  /** Wakes the chip, makes sure that it is a PN532, and brings the line to `baudRate` or the next lower that works. */
  async begin(baudRate: number): Promise<void> {
    await this.wake();
    this.#firmware = await identify(this.chip);
    const lower = BAUD_RATES.filter((rate) => rate <= baudRate && rate >= POWER_UP_BAUD_RATE).reverse();
    for (const rate of lower.length > 0 ? lower : [baudRate]) {
      if (rate === this.baudRate) return;
      const changed = await this.changeBaudRate(rate).catch((error: unknown) => {
        throw isSilenceOrNoise(error) ? this.#lostAt(rate) : error;
      });
      if (changed) return;
    }
  }

  /**
   * Finds out at which rate the chip listens: that of its power-up, or one that an interrupted session has left. Where
   * nothing is heard, that of its power-up is tried once more: a machine that stands still for a second is no absent board.
   * @throws {HalError} `timeout` nothing answers at any, `protocol` nothing but garbage
   */
  async wake(): Promise<void> {
    let garbage = false;
    const { repairs } = this.transport;
    const before = { ...repairs };
    for (let turn = 0; turn < 2 * WAKE_RATES.length; turn++) {
      // One that was heard before, or that said something, may only be late; so may any at the rate of its power-up.
      if (turn > WAKE_RATES.length && !this.#awake && !garbage) break;
      const rate = WAKE_RATES[turn % WAKE_RATES.length] as number;
      if (rate !== this.baudRate) await this.transport.line.setBaudRate(rate);
      this.transport.forgetNoise();
      this.transport.wakeWithNextCommand();
      try {
        await this.chip.samConfiguration(1);
        // Silence at the rates before, where it does not listen, was no fault of the line; if all were asked, it was.
        if (!this.#awake && turn > 0 && turn < WAKE_RATES.length) Object.assign(repairs, before);
        else repairs.rateTries += turn;
        this.#awake = true;
        return;
      } catch (error) {
        if (error instanceof Pn532SyntaxError) throw notThisChip(this.chip, 'does not know SAMConfiguration');
        if (!isSilenceOrNoise(error)) throw error;
        garbage ||= this.transport.onlyGarbage;
      }
    }
    await this.transport.line.setBaudRate(POWER_UP_BAUD_RATE);
    const { path } = this.transport.line;
    if (garbage) {
      const words = `what answers on ${path} makes no sense at any baud rate: is it a PN532, and is it set to HSU?`;
      throw new HalError('protocol', words);
    }
    const words = `nothing answers on ${path}: is the board powered, set to HSU, and are RX and TX crossed?`;
    throw new HalError('timeout', words);
  }

  /**
   * @returns whether the line works at the new rate; if not, the chip is heard at another: `baudRate` says at which
   * @throws {HalError} `timeout`, `protocol` when the chip is heard at no rate any more
   */
  async changeBaudRate(baudRate: number): Promise<boolean> {
    for (const ms of CHANGE_MS) {
      if (await this.#tryBaudRate(baudRate, ms)) return true;
      this.transport.repairs.rateTries++;
      // It may be at either.
      await this.wake();
    }
    return false;
  }

  async #tryBaudRate(baudRate: number, changeMs: number): Promise<boolean> {
    const { transport, chip } = this;
    try {
      await chip.setSerialBaudRate(baudRate);
      // Only this makes the chip change.
      await transport.acknowledge();
      await pause(transport.timers, changeMs);
      await transport.line.setBaudRate(baudRate);
      transport.forgetNoise();
      const echo = await chip.diagnoseCommunicationLine(ECHO);
      return echo.length === ECHO.length && echo.every((byte, i) => byte === ECHO[i]);
    } catch (error) {
      if (isSilenceOrNoise(error)) return false;
      throw error;
    }
  }

  /** The chip has followed to a rate where it is not heard: only power helps it. */
  #lostAt(rate: number): HalError {
    const { path } = this.transport.line;
    const words = `the line to ${path} does not carry ${rate} baud: unplug the board, plug it in, and name a lower rate, as pn532:${path}:115200`;
    return new HalError('protocol', words);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      this.transport.abort();
      if (this.#awake) await this.#sleepInTime();
    } catch {
      // It is gone, or beyond being told.
    }
    await this.transport.close().catch(() => {});
  }

  async #sleepInTime(): Promise<void> {
    const { line, timers } = this.transport;
    let cancel = (): void => {};
    const late = new Promise<'late'>((resolve) => {
      cancel = timers.after(LONGEST_GOODBYE_MS, () => resolve('late'));
    });
    const sleeping = this.#sleep();
    // Its failure matters to no one once the wait for it is over.
    sleeping.catch(() => {});
    const ended = await Promise.race([sleeping, late]);
    cancel();
    if (ended === 'late') await line.write(SLEEP as Uint8Array);
  }

  async #sleep(): Promise<void> {
    // The next program speaks the rate of power-up.
    if (this.baudRate !== POWER_UP_BAUD_RATE) await this.changeBaudRate(POWER_UP_BAUD_RATE);
    // An error when there is no card to be released.
    await this.chip.inRelease(0).catch((error: HalError) => {
      if (error.kind === 'reader-lost' || error.kind === 'aborted') throw error;
    });
    await this.chip.powerDown(WAKE_BY_HOST);
    // What it hears before it sleeps would be half of something.
    await pause(this.transport.timers, FALL_ASLEEP_MS);
  }
}

function isSilenceOrNoise(error: unknown): boolean {
  return error instanceof HalError && (error.kind === 'timeout' || error.kind === 'protocol');
}
