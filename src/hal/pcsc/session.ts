import type { Clock } from '../clock.ts';
import { HalError } from '../errors.ts';
import type { CardSession, ConnectMode, Disposition, Exchange } from '../reader.ts';
import type { Channel } from './channel.ts';
import { SCARD, scardCode } from './scard-error.ts';
import type { PcscService, WatchedReader } from './service.ts';
import { commandRefusal, FINAL, REMOVAL_SEEN_MS } from './session-rules.ts';

export interface SessionOptions {
  readonly share: 'shared' | 'exclusive';
  readonly transmitTimeoutMs: number;
  readonly clock: Clock;
  /** Any of them gives up the call under way, after {@link LAST_ANSWER_MS}, and ends the session. */
  readonly signals: readonly AbortSignal[];
}

/** How long the end of a session waits for the answer to a command under way. */
export const LAST_ANSWER_MS = 500;

export class PcscSession implements CardSession {
  readonly reader: string;
  #service: PcscService;
  #channel: Channel;
  #options: SessionOptions;
  #before: WatchedReader;
  #protocol = 0;
  /** Why nothing more can be sent. */
  #over: HalError | null = null;
  #released = false;
  /** The call under way: the binding does not keep the order of calls made at the same time. */
  #last: Promise<unknown> | null = null;
  #impatience: NodeJS.Timeout | undefined;

  /**
   * @throws {HalError} `busy`, `no-card`, `card-removed`, `reader-lost`, `no-service`, `protocol`, `timeout`
   */
  static async begin(
    service: PcscService,
    seen: WatchedReader,
    mode: ConnectMode,
    options: SessionOptions,
  ): Promise<PcscSession> {
    const session = new PcscSession(service, seen, options);
    try {
      session.#protocol = await session.#channel.connect(options.share);
      if (mode !== 'any') await session.reset(mode);
      return session;
    } catch (error) {
      if (error instanceof HalError) service.noteError(error);
      await session.disconnect('leave');
      throw error;
    }
  }

  private constructor(service: PcscService, seen: WatchedReader, options: SessionOptions) {
    this.reader = seen.name;
    this.#service = service;
    this.#channel = service.takeChannel(seen.name);
    this.#options = options;
    this.#before = seen;
    for (const signal of options.signals) signal.addEventListener('abort', this.#onAbort);
    if (options.signals.some((signal) => signal.aborted)) this.#onAbort();
  }

  /** A healthy exchange still comes to its end; another one is not waited for. */
  #onAbort = (): void => {
    const aborted = new HalError('aborted', 'the session was cancelled');
    this.#impatience ??= setTimeout(() => this.#channel.abandon(aborted), LAST_ANSWER_MS);
  };

  get atr(): Uint8Array {
    return this.#service.reader(this.reader)?.atr ?? this.#before.atr ?? new Uint8Array(0);
  }

  get protocol(): string {
    return this.#protocol === 1 ? 'T=0' : 'T=1';
  }

  async transmit(command: Uint8Array): Promise<Exchange> {
    // A shorter one hangs vpcd, or is taken for a control message of it.
    const refusal = commandRefusal(command, this.reader);
    if (refusal !== null) throw refusal;
    return this.#inOrder(() => this.#exchange(command));
  }

  /** There is no SCardReconnect: the session is ended with the reset and begun again, and another may come between. */
  async reset(mode: 'warm' | 'cold'): Promise<void> {
    await this.#inOrder(() =>
      this.#watched(async () => {
        await this.#channel.disconnect(mode === 'warm' ? 'reset' : 'unpower');
        this.#protocol = await this.#channel.connect(this.#options.share);
      }),
    );
  }

  async control(code: number, data: Uint8Array): Promise<Uint8Array> {
    return this.#inOrder(() => this.#watched(() => this.#channel.control(code, data, this.#options.transmitTimeoutMs)));
  }

  get ended(): boolean {
    return this.#released;
  }

  /** `reset` by default: what the session was allowed to do ends with it. */
  async disconnect(disposition: Disposition = 'reset'): Promise<void> {
    const ending = new HalError('aborted', 'this session has ended');
    this.#over ??= ending;
    if (this.#released) return;
    this.#released = true;
    for (const signal of this.#options.signals) signal.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#impatience);
    const impatience = setTimeout(() => this.#channel.abandon(ending), LAST_ANSWER_MS);
    await this.#last?.catch(() => {});
    clearTimeout(impatience);
    if (this.#channel.stuck || this.#service.failure !== null) return;
    // To reset a card that is gone confuses pcscd: it may not see the next one.
    const gone = this.#over !== ending || this.#service.reader(this.reader)?.cardPresent !== true;
    try {
      await this.#channel.disconnect(gone ? 'leave' : disposition);
    } catch {
      // The card or the reader has gone, and the session with it.
    }
    this.#service.giveBack(this.#channel);
  }

  async #exchange(command: Uint8Array): Promise<Exchange> {
    const { clock, transmitTimeoutMs } = this.#options;
    return this.#watched(async () => {
      const startNs = clock.nowNs();
      let endNs = startNs;
      const response = await this.#channel.transmit(command, this.#protocol, transmitTimeoutMs, () => {
        endNs = clock.nowNs();
      });
      // What pcscd makes of a card that goes away in the middle of a command is an empty answer.
      if (response.length < 2) throw new HalError('protocol', `the card in "${this.reader}" gave no status word`);
      return { response, startNs, endNs };
    });
  }

  /** Calls the reader; an error that may be a card taken out is looked into, a final one ends the session. */
  async #watched<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof HalError)) throw error;
      const certain = this.#isAmbiguous(error) ? await this.#lookInto(error) : error;
      if (FINAL.has(certain.kind)) this.#over ??= certain;
      this.#service.noteError(certain);
      throw certain;
    }
  }

  #isAmbiguous(error: HalError): boolean {
    return error.kind === 'protocol' && (error.cause === undefined || scardCode(error.cause) === SCARD.notTransacted);
  }

  async #lookInto(error: HalError): Promise<HalError> {
    const deadlineMs = performance.now() + REMOVAL_SEEN_MS;
    for (;;) {
      if (this.#service.failure !== null) return this.#service.failure;
      const now = this.#service.reader(this.reader);
      if (now === null) return new HalError('reader-lost', `the reader "${this.reader}" was unplugged`);
      if (!now.cardPresent || now.eventCount !== this.#before.eventCount) {
        return new HalError('card-removed', `the card was taken out of "${this.reader}"`, { cause: error });
      }
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) return error;
      await this.#service.change(leftMs);
    }
  }

  async #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const earlier = this.#last;
    const mine = (async () => {
      if (earlier !== null) await earlier.catch(() => {});
      if (this.#over !== null) throw this.#over;
      return work();
    })();
    this.#last = mine;
    try {
      return await mine;
    } finally {
      if (this.#last === mine) this.#last = null;
    }
  }
}
