import { setTimeout as pause } from 'node:timers/promises';
import { HalError } from '../errors.ts';
import { loadNfcPcsc, type NativeCardReader, type NativeStatus, type NfcPcsc, type NfcPcscReader } from './binding.ts';
import { Channel } from './channel.ts';
import { scardError } from './scard-error.ts';
import { deniedOrGone, requireService } from './service-socket.ts';
import { SIGN_OF_LIFE_MS } from './service-watch.ts';

/**
 * Before the watching threads may be told to end, the service has to have been quiet so long (binding.ts), in looks of
 * which none was late: on a busy machine a thread that has told us something may itself not have gone on since.
 */
const QUIET_MS = 50;
const LOOK_MS = 10;
const LATE_MS = 5;
/** How long the first look at the readers and the end of the threads may take. Both take a few milliseconds. */
const PATIENCE_MS = 2000;

/** A reader as the service last told of it. */
export interface WatchedReader {
  readonly name: string;
  readonly cardPresent: boolean;
  /** ATR of the card in the reader. Resets are not reported, so an ATR that changes with one stays unknown. */
  readonly atr: Uint8Array | null;
  /** Counts insertions and removals (the upper half of SCARD_READERSTATE's event state). */
  readonly eventCount: number;
}

interface Watch {
  readonly native: NativeCardReader;
  /** Null until the first status. */
  seen: WatchedReader | null;
}

/** One acquaintance with pcscd: who its readers are and what is in them. When pcscd dies it is over; open another. */
export class PcscService {
  /** Why it is over. */
  failure: HalError | null = null;
  #nfc: NfcPcsc;
  #watches: Map<string, Watch> = new Map();
  #listed = false;
  #closing = false;
  #notified = false;
  #listeners: Set<() => void> = new Set();
  #idleChannels: Map<string, Channel[]> = new Map();
  #lastEventMs: number = performance.now();

  /**
   * @param limitMs how long the service may take to answer
   * @throws {HalError} `no-service`, `permission`, `unsupported`, `aborted`
   */
  static async open(limitMs?: number, signals?: readonly AbortSignal[]): Promise<PcscService> {
    const Nfc = await loadNfcPcsc();
    // As late as can be: it must still run when the constructor asks, which waits for an answer on this thread.
    await requireService(limitMs, signals);
    try {
      return new PcscService(new Nfc());
    } catch (error) {
      throw await deniedOrGone(scardError(error, ''));
    }
  }

  private constructor(nfc: NfcPcsc) {
    this.#nfc = nfc;
    nfc.on('error', (error) => this.#lost(error));
    nfc.on('reader', (device: NfcPcscReader) => this.#watch(device));
    // The binding tells of readers one by one, but not that there is none: its own callback is listened to.
    const { pcsc } = nfc;
    const start = pcsc.start;
    pcsc.start = (onReaders) =>
      start.call(pcsc, (error, names) => {
        onReaders(error, names);
        this.#listed = true;
        this.#changed();
      });
  }

  /** Those whose state is known, in the service's order. */
  get readers(): WatchedReader[] {
    return [...this.#watches.values()].flatMap((watch) => watch.seen ?? []);
  }

  reader(name: string): WatchedReader | null {
    return this.#watches.get(name)?.seen ?? null;
  }

  /** Resolves when the readers and what is in them are known, the service is over, or a signal is aborted. */
  async ready(signals: readonly AbortSignal[] = []): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    const waiting = (): boolean => this.failure === null && !this.#known() && performance.now() < deadlineMs;
    while (waiting() && !signals.some((signal) => signal.aborted)) {
      await this.change(deadlineMs - performance.now(), signals);
    }
    if (!this.#known()) await this.ask(signals);
  }

  /** Whether the service still answers; when it does not, it is over. */
  async ask(signals: readonly AbortSignal[] = []): Promise<boolean> {
    try {
      await requireService(SIGN_OF_LIFE_MS, signals);
    } catch (error) {
      if (error instanceof HalError && error.kind !== 'aborted') this.#fail(error);
    }
    return this.failure === null;
  }

  /** Resolves at the next change of anything, after `timeoutMs`, or when one of the signals is aborted. */
  change(timeoutMs: number, signals: readonly AbortSignal[] = []): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        for (const signal of signals) signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(timeoutMs, 0));
      this.#listeners.add(done);
      for (const signal of signals) signal.addEventListener('abort', done);
      if (this.failure !== null || signals.some((signal) => signal.aborted)) done();
    });
  }

  /** A way to talk to a reader's card; give it back when done. @throws {HalError} `reader-lost` */
  takeChannel(name: string): Channel {
    const idle = this.#idleChannels.get(name)?.pop();
    if (idle !== undefined) return idle;
    const watch = this.#watches.get(name);
    if (watch === undefined) throw new HalError('reader-lost', `the reader "${name}" is gone`);
    const NativeConstructor = watch.native.constructor as new (name: string) => NativeCardReader;
    return new Channel(new NativeConstructor(name), name);
  }

  giveBack(channel: Channel): void {
    if (channel.stuck || this.failure !== null) return;
    const idle = this.#idleChannels.get(channel.reader);
    if (idle === undefined) this.#idleChannels.set(channel.reader, [channel]);
    else idle.push(channel);
  }

  /** Told of an error of a transmit: the service may be over, which the watches would see a moment later. */
  noteError(error: HalError): void {
    if (error.kind === 'no-service') this.#fail(error);
  }

  /** Lets the process end. Takes a moment: see `QUIET_MS`. */
  async close(): Promise<void> {
    if (this.#closing) return;
    await this.ready();
    await this.#quiet();
    if (this.failure !== null || this.#closing) return;
    // What follows waits for the service's answer on this thread.
    if (!(await this.ask()) || this.#closing) return;
    this.#closing = true;
    for (const { native } of this.#watches.values()) native.close();
    this.#nfc.close();
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (this.#watches.size > 0 && performance.now() < deadlineMs) {
      await this.change(deadlineMs - performance.now());
    }
  }

  /** A machine that is late all the time does not keep us for ever. */
  async #quiet(): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    let sinceMs = this.#lastEventMs;
    for (let nowMs = performance.now(); nowMs - sinceMs < QUIET_MS && nowMs < deadlineMs; ) {
      const dueMs = nowMs + LOOK_MS;
      await pause(LOOK_MS);
      nowMs = performance.now();
      sinceMs = nowMs - dueMs > LATE_MS ? nowMs : Math.max(sinceMs, this.#lastEventMs);
    }
  }

  #known(): boolean {
    return this.#listed && [...this.#watches.values()].every((watch) => watch.seen !== null);
  }

  #watch(device: NfcPcscReader): void {
    const native = device.reader;
    // nfc-pcsc would connect to any card that comes, and hold it.
    native.removeAllListeners('status');
    const watch: Watch = { native, seen: null };
    this.#watches.set(native.name, watch);
    native.on('status', (status: NativeStatus) => {
      const cardPresent = (status.state & native.SCARD_STATE_PRESENT) !== 0;
      const atr = cardPresent && status.atr !== undefined && status.atr.length > 0 ? Uint8Array.from(status.atr) : null;
      watch.seen = { name: native.name, cardPresent, atr, eventCount: status.state >>> 16 };
      this.#changed();
    });
    device.on('end', () => {
      this.#watches.delete(native.name);
      this.#changed();
    });
    device.on('error', (error) => this.#lost(error));
  }

  #lost(error: unknown): void {
    // Closing cancels the waits.
    if (this.#closing) return;
    const failure = scardError(error, '');
    // An error of one reader alone ends its watch, and `end` follows.
    if (failure.kind === 'no-service') this.#fail(failure);
    else this.#changed();
  }

  #fail(failure: HalError): void {
    this.failure ??= failure;
    this.#changed();
  }

  #changed(): void {
    this.#lastEventMs = performance.now();
    if (this.#notified) return;
    this.#notified = true;
    // Not from inside the binding's callback: it holds the reader's mutex there.
    setImmediate(() => {
      this.#notified = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
