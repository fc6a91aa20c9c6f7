/**
 * Readers of the machine's PC/SC service, through the system's own library: no compiler, one install for every Node.
 *
 * | can | cannot |
 * |---|---|
 * | list, wait for a card or a reader, stop waiting; exclusive, shared or direct | stop a call that the service never answers: it holds its thread |
 * | reset warm and cold without letting go of the card, with the ATR that follows | more than four calls at once on two processors: koffi's threads |
 * | transactions, control codes, T=0 or T=1 by choice | |
 * | a limit of time on every call; a service that restarts | |
 */
import type { Clock } from '../clock.ts';
import { HalError } from '../errors.ts';
import { aborted, absence, named } from '../pcsc/named-readers.ts';
import { requireService, SERVICE_LIMIT_MS } from '../pcsc/service-socket.ts';
import type { ConnectMode, Reader, ReaderInfo } from '../reader.ts';
import { endsContext, PcscContext, type SeenReader } from './context.ts';
import { PcscFfiSession, type ProtocolChoice, type SessionOptions } from './session.ts';
import { loadWinscard } from './winscard.ts';

export { stuckFfiCalls } from './limited-call.ts';
export { controlCode } from './platform.ts';
export { PcscFfiSession, type ProtocolChoice } from './session.ts';

export interface PcscFfiReaderOptions {
  /** Gives the times of exchanges. */
  readonly clock: Clock;
  /**
   * `exclusive` fails with `busy` where another program merely shares the card; `direct` is the reader itself, with or
   * without a card; `shared` by default.
   */
  readonly share?: 'shared' | 'exclusive' | 'direct';
  /** What the card is asked to speak; `any` by default, which lets the service choose. */
  readonly protocols?: ProtocolChoice;
  /** After this long without an answer a transmit fails with `timeout`; 30000 by default. */
  readonly transmitTimeoutMs?: number;
}

/** Between two tries when the service still believes in a card that is not there. */
const RETRY_MS = 100;
/** How long the service itself may take to answer in any case. */
const SHORTEST_SERVICE_LIMIT_MS = 1000;

export class PcscFfiReader implements Reader {
  readonly driver = 'pcsc-ffi';
  readonly #options: Omit<SessionOptions, 'signals'>;
  #context: PcscContext | null = null;
  #opening: Promise<PcscContext> | null = null;
  #sessions: Set<PcscFfiSession> = new Set();
  #questions: Set<Promise<unknown>> = new Set();
  #closing: AbortController = new AbortController();

  constructor(options: PcscFfiReaderOptions) {
    const { clock, share = 'shared', protocols = 'any', transmitTimeoutMs = 30_000 } = options;
    this.#options = { clock, share, protocols, transmitTimeoutMs };
  }

  async list(): Promise<readonly ReaderInfo[]> {
    const seen = await this.#asked((context) => context.look());
    return seen.map(({ name, cardPresent, atr }) => ({ name, cardPresent, atr }));
  }

  async connect(options: {
    readonly reader?: string;
    readonly timeoutMs: number;
    readonly mode?: ConnectMode;
    readonly signal?: AbortSignal;
  }): Promise<PcscFfiSession> {
    const deadlineMs = performance.now() + options.timeoutMs;
    const signals = [this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(signals);
    const serviceMs = Math.min(Math.max(options.timeoutMs, SHORTEST_SERVICE_LIMIT_MS), SERVICE_LIMIT_MS);
    for (;;) {
      if (signal.aborted) throw aborted();
      const all = await this.#asked((context) => context.look(), signals, serviceMs);
      const candidates = named(all, options.reader);
      const found =
        this.#options.share === 'direct' ? candidates[0] : candidates.find(({ cardPresent }) => cardPresent);
      const session = found === undefined ? null : await this.#begin(found, options.mode ?? 'any', signals);
      if (session !== null) {
        if (!signal.aborted) return session;
        await session.disconnect();
        throw aborted();
      }
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw absence(all, candidates, options.reader);
      const waitMs = found === undefined ? leftMs : Math.min(leftMs, RETRY_MS);
      await this.#asked((context) => context.change(all, waitMs, signal));
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const session of this.#sessions) await session.disconnect();
    this.#sessions.clear();
    await this.#opening?.catch(() => {});
    // A context must not be released under a call.
    await Promise.allSettled(this.#questions);
    const context = this.#context;
    this.#context = null;
    await context?.release();
  }

  /** Asks the service; one that is over is met anew at the next question. */
  async #asked<T>(
    question: (context: PcscContext) => Promise<T>,
    signals: readonly AbortSignal[] = [this.#closing.signal],
    serviceMs: number = SERVICE_LIMIT_MS,
  ): Promise<T> {
    const context = await this.#open(serviceMs, signals);
    const answer = question(context);
    this.#questions.add(answer);
    try {
      return await answer;
    } catch (error) {
      if (this.#closing.signal.aborted) throw aborted();
      const certain = await certainly(error);
      if (endsContext(certain) && this.#context === context) {
        this.#context = null;
        // A context of a service that died says so at once; one that gives no answer is left to its thread.
        if (certain.kind === 'no-service') void context.release();
      }
      throw certain;
    } finally {
      this.#questions.delete(answer);
    }
  }

  #open(serviceMs: number, signals: readonly AbortSignal[]): Promise<PcscContext> {
    if (this.#closing.signal.aborted) return Promise.reject(aborted());
    if (this.#context !== null) return Promise.resolve(this.#context);
    this.#opening ??= this.#reopen(serviceMs, signals).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #reopen(serviceMs: number, signals: readonly AbortSignal[]): Promise<PcscContext> {
    const winscard = await loadWinscard();
    // The library would say only that there is no service; this says why, and starts one where systemd holds the socket.
    await requireService(serviceMs, signals);
    this.#context = await PcscContext.establish(winscard);
    return this.#context;
  }

  /** @returns null when the card left before the session began */
  async #begin(seen: SeenReader, mode: ConnectMode, signals: readonly AbortSignal[]): Promise<PcscFfiSession | null> {
    try {
      const session = await PcscFfiSession.begin(await loadWinscard(), seen, mode, { ...this.#options, signals });
      for (const each of this.#sessions) if (each.ended) this.#sessions.delete(each);
      this.#sessions.add(session);
      return session;
    } catch (error) {
      if (error instanceof HalError && ['no-card', 'card-removed', 'reader-lost'].includes(error.kind)) return null;
      throw error;
    }
  }
}

/** A service that was killed in the middle of a wait makes libpcsclite give any code: the service itself is looked for. */
async function certainly(error: unknown): Promise<HalError> {
  if (!(error instanceof HalError)) throw error;
  if (error.kind === 'timeout' || error.kind === 'aborted') return error;
  try {
    await requireService();
    return error;
  } catch (absence) {
    return absence instanceof HalError ? absence : error;
  }
}
