/**
 * Readers of the machine's PC/SC service, through the optional package nfc-pcsc.
 *
 * | can | cannot (the binding under nfc-pcsc has no call for it) |
 * |---|---|
 * | list, wait for a card, exclusive or shared | transactions: a shared card may hear others' commands between ours |
 * | commands to 65544 bytes (vpcd: 65535), responses to 65538 | ask for the ATR after a reset: it stays the first one |
 * | reset and power off, at connect, in a session and at its end | reset without letting go of the card for a moment |
 * | a limit of time on every call, a service that is stopped noticed | stop a call that gets no answer: see `stuckPcscCalls` |
 */
import type { Clock } from '../clock.ts';
import { HalError } from '../errors.ts';
import type { CardSession, ConnectMode, Reader, ReaderInfo } from '../reader.ts';
import { aborted, absence, named } from './named-readers.ts';
import { PcscService, type WatchedReader } from './service.ts';
import { SERVICE_LIMIT_MS } from './service-socket.ts';
import { PcscSession, type SessionOptions } from './session.ts';

export { stuckPcscCalls } from './channel.ts';

export interface PcscReaderOptions {
  /** Gives the times of exchanges. */
  readonly clock: Clock;
  /** `exclusive` fails with `busy` where another program merely shares the card; `shared` by default. */
  readonly share?: 'shared' | 'exclusive';
  /** After this long without an answer a transmit fails with `timeout`; 30000 by default. */
  readonly transmitTimeoutMs?: number;
}

/** Between two tries when the service still believes in a card that is not there. */
const RETRY_MS = 100;
/** How long the service itself may take to answer in any case. */
const SHORTEST_SERVICE_LIMIT_MS = 1000;

export class PcscReader implements Reader {
  readonly driver = 'pcsc';
  #options: Omit<SessionOptions, 'signals'>;
  #service: PcscService | null = null;
  #opening: Promise<PcscService> | null = null;
  #sessions: Set<PcscSession> = new Set();
  #closing: AbortController = new AbortController();

  constructor(options: PcscReaderOptions) {
    const { clock, share = 'shared', transmitTimeoutMs = 30_000 } = options;
    this.#options = { clock, share, transmitTimeoutMs };
  }

  async list(): Promise<readonly ReaderInfo[]> {
    const service = await this.#open(SERVICE_LIMIT_MS, [this.#closing.signal]);
    if (service.failure !== null) throw service.failure;
    return service.readers.map(({ name, cardPresent, atr }) => ({ name, cardPresent, atr }));
  }

  async connect(options: {
    readonly reader?: string;
    readonly timeoutMs: number;
    readonly mode?: ConnectMode;
    readonly signal?: AbortSignal;
  }): Promise<CardSession> {
    const deadlineMs = performance.now() + options.timeoutMs;
    const signals = options.signal === undefined ? [this.#closing.signal] : [this.#closing.signal, options.signal];
    this.#refuseAborted(signals);
    const limitMs = Math.min(Math.max(options.timeoutMs, SHORTEST_SERVICE_LIMIT_MS), SERVICE_LIMIT_MS);
    const service = await this.#open(limitMs, signals);
    for (;;) {
      this.#refuseAborted(signals);
      if (service.failure !== null) throw service.failure;
      const candidates = named(service.readers, options.reader);
      const found = candidates.find((each) => each.cardPresent);
      const session = found && (await this.#begin(service, found, options.mode ?? 'any', signals));
      if (session) {
        if (signals.some((signal) => signal.aborted)) await session.disconnect();
        this.#refuseAborted(signals);
        return session;
      }
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) {
        // A service that was stopped meanwhile tells of no card either.
        if (!(await service.ask(signals)) || signals.some((signal) => signal.aborted)) continue;
        throw absence(service.readers, candidates, options.reader);
      }
      await service.change(found === undefined ? leftMs : Math.min(leftMs, RETRY_MS), signals);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const session of this.#sessions) await session.disconnect();
    this.#sessions.clear();
    await this.#opening?.catch(() => {});
    await this.#service?.close();
  }

  /** The service as it is now; a new acquaintance when the last one has died. */
  #open(limitMs: number, signals: readonly AbortSignal[]): Promise<PcscService> {
    if (this.#service !== null && this.#service.failure === null) return Promise.resolve(this.#service);
    this.#opening ??= this.#reopen(limitMs, signals).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #reopen(limitMs: number, signals: readonly AbortSignal[]): Promise<PcscService> {
    this.#refuseAborted([this.#closing.signal]);
    this.#service = await PcscService.open(limitMs, signals);
    await this.#service.ready(signals);
    return this.#service;
  }

  /** @returns null when the card left before the session began */
  async #begin(
    service: PcscService,
    seen: WatchedReader,
    mode: ConnectMode,
    signals: readonly AbortSignal[],
  ): Promise<PcscSession | null> {
    try {
      const session = await PcscSession.begin(service, seen, mode, { ...this.#options, signals });
      for (const each of this.#sessions) if (each.ended) this.#sessions.delete(each);
      this.#sessions.add(session);
      return session;
    } catch (error) {
      if (error instanceof HalError && ['no-card', 'card-removed', 'reader-lost'].includes(error.kind)) return null;
      throw error;
    }
  }

  #refuseAborted(signals: readonly AbortSignal[]): void {
    if (signals.some((signal) => signal.aborted)) throw aborted();
  }
}
