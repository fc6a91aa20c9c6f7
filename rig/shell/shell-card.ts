import { setImmediate as turn } from 'node:timers/promises';
import { classByte, isInterindustry } from '../../src/apdu/class-byte.ts';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import { HalError } from '../../src/hal/errors.ts';
import type { CardSession, Exchange } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import type { OpenChannel } from '../channel/open-channel.ts';
import type { ReaderChannel } from '../channel/reader-channel.ts';
import { SessionKeyRecorder } from '../channel/session-key-file.ts';
import { CannotRun } from '../console/failure.ts';
import { shown } from '../console/shown.ts';
import type { AsHolder } from '../endpoint/driver.ts';
import { type OpenedReader, openReader } from '../endpoint/open-reader.ts';
import { readerDriver } from '../endpoint/readers.ts';
import { interfacesOf, type ReaderInterface } from '../tap/interfaces-of-atr.ts';
import { CardTerminal } from '../tap/terminal.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { watchPresence } from '../trace/record/presence.ts';
import { RecordedSession } from '../trace/record/recorded-reader.ts';
import { Redactor } from '../trace/redaction.ts';
import { TraceWriter } from '../trace/writer.ts';
import { type Answer, answerOf } from './answer.ts';
import { AnswerExplainer } from './explain-answer.ts';
import type { ShellOptions } from './options.ts';

/** After these nothing more can come of a session. */
const FINAL: ReadonlySet<string> = new Set(['card-removed', 'reader-lost', 'no-service', 'timeout', 'no-card']);
/** A card in process answers without a turn of the event loop, in which output goes out and Ctrl-C is heard. */
const BETWEEN_TURNS = 64;

export interface ShellCardOptions extends ShellOptions {
  /** `vitap apdu`: what makes the trace. */
  readonly source: string;
  /** Told of every exchange. */
  readonly onAnswer: (answer: Answer) => void;
  /** Told what the person should know besides, one sentence at a time. */
  readonly onNote: (sentence: string) => void;
}

/** A card under the hands of a person or a script: its session, the channel that commands go to, its trace. */
export class ShellCard {
  /** Logical channel of commands in words; an APDU goes as it is written. */
  channel = 0;
  /** Status word of the last answer; null before the first. */
  lastSw: number | null = null;
  exchanges = 0;
  readonly explainer: AnswerExplainer;
  readonly #source: OpenedReader;
  readonly #options: ShellCardOptions;
  #redactor: Redactor | null;
  #session: CardSession | null = null;
  /** The secure channel that commands go through; null: they go in clear. */
  #channel: OpenChannel | null = null;
  /** Keys of the channels of the trace that is open. */
  #keys: SessionKeyRecorder | null = null;
  /** Why there is no session. */
  #over: HalError | null = null;
  #trace: TraceWriter | null = null;
  /** The answer that an interrupted command left under way. */
  #left: Promise<Exchange> | null = null;
  #signal: AbortSignal;

  /** Opens the reader and waits for a card. @throws {HalError} {UsageError} */
  static async open(options: ShellCardOptions, signal: AbortSignal): Promise<ShellCard> {
    const decisions: ExplainedAccess[] = [];
    const onAccess = (explained: ExplainedAccess): number => decisions.push(explained);
    const source = await openReader(options.reader, { ...options, onAccess, signal });
    const card = new ShellCard(source, decisions, options, signal);
    try {
      await card.connect();
      if (options.record.file !== null) await card.record(options.record.file);
      return card;
    } catch (error) {
      await card.close();
      throw error;
    }
  }

  private constructor(
    source: OpenedReader,
    decisions: ExplainedAccess[],
    options: ShellCardOptions,
    signal: AbortSignal,
  ) {
    this.#source = source;
    this.#options = options;
    this.#signal = signal;
    this.#redactor = options.record.keepSecrets ? null : new Redactor();
    this.explainer = new AnswerExplainer(source.own, decisions);
  }

  /** Commands from now on end when this fires. */
  endAt(signal: AbortSignal): void {
    this.#signal = signal;
  }

  get reader(): string {
    const { own } = this.#source;
    if (own !== null) return `in process, ${own.cardInterface} (${own.opened.description})`;
    return shown(this.#session?.reader ?? 'no reader');
  }

  get atr(): Uint8Array {
    return this.#session?.atr ?? new Uint8Array(0);
  }

  get protocol(): string {
    return this.#session?.protocol ?? 'no session';
  }

  /** The interfaces that the card may be read through. */
  get interfaces(): readonly ReaderInterface[] {
    const { interface: said, reader } = this.#options;
    return interfacesOf(this.atr, this.#source.own?.cardInterface ?? readerDriver(reader).interface ?? said);
  }

  /** The card of ours that is in the reader; null for any other. */
  /** The phone's own screen of a card on a board; null, where the reader leads to none. */
  async screen(): Promise<AsHolder | null> {
    return (await this.#source.screen?.({ timeoutMs: this.#options.timeoutMs })) ?? null;
  }

  get own(): OpenedReader['own'] {
    return this.#source.own;
  }

  get tracePath(): string | null {
    return this.#trace?.path ?? null;
  }

  /** As it was opened; null: there is none, or it is at its end. */
  get channelOpen(): OpenChannel | null {
    return this.#channel?.session.open === true ? this.#channel : null;
  }

  /**
   * Opens a secure channel, over the one that is open where there is one (the PIN after the CAN).
   * @throws {ChannelFailure} {HalError}
   */
  async secure(channel: ReaderChannel): Promise<void> {
    await this.#answerLeft();
    const over = this.channelOpen?.session ?? this.#live();
    const keys = this.#keys;
    const hooks = {
      onExchange: () => void this.exchanges++,
      ...(keys !== null && { onKeys: keys.add }),
    };
    const opened = await this.#ended(this.#watched(channel.open(over, this.#signal, hooks)));
    this.explainer.forget();
    this.#channel = opened;
  }

  /** Forgets the keys. @returns whether there was a channel */
  leaveChannel(): boolean {
    const was = this.channelOpen !== null;
    this.#channel?.session.leave();
    this.#channel = null;
    return was;
  }

  /** Begins a session, after the one before has ended, if there was one. @throws {HalError} */
  async connect(): Promise<void> {
    const before = this.#session;
    this.#session = null;
    this.#left?.catch(() => {});
    this.#left = null;
    await before?.disconnect();
    const session = await this.#source.reader.connect({
      timeoutMs: this.#options.timeoutMs,
      signal: this.#signal,
      ...(this.#source.name === null ? {} : { reader: this.#source.name }),
    });
    this.#session = new RecordedSession(session, this.#recorder, systemClock);
    this.#over = null;
    this.#nothingSelected();
    this.#trace?.power('on', systemClock.nowNs(), session.atr);
  }

  /** @throws {HalError} */
  async reset(mode: 'warm' | 'cold'): Promise<void> {
    const session = this.#live();
    await this.#ended(this.#watched(session.reset(mode)));
    this.#nothingSelected();
  }

  /** Sends the APDU as it is. @throws {HalError} `aborted` when the signal fires first; whatever ended the session */
  async transmit(command: Uint8Array): Promise<Exchange> {
    await this.#answerLeft();
    if (this.#signal.aborted) throw new HalError('aborted', 'the command was not sent: it was interrupted before');
    const session = this.channelOpen?.session ?? this.#live();
    const exchange = await this.#ended(this.#watched(session.transmit(command)));
    this.#answered(command, exchange);
    if (++this.exchanges % BETWEEN_TURNS === 0) await turn();
    return exchange;
  }

  /** A terminal on the current channel, which follows 61xx and 6Cxx. */
  terminal(): CardTerminal {
    const session = this.#live();
    const onChannel = (command: Uint8Array): Promise<Exchange> => this.transmit(this.#onChannel(command));
    return new CardTerminal({
      reader: session.reader,
      atr: session.atr,
      protocol: session.protocol,
      transmit: onChannel,
      reset: (mode) => this.reset(mode),
      control: (code, data) => session.control(code, data),
      disconnect: async () => {},
    });
  }

  /**
   * Watches while nothing is sent whether the card is still there, where the reader can tell.
   * @param onGone called once at most @returns ends the watch
   */
  watch(onGone: (gone: HalError) => void): () => void {
    const session = this.#session;
    const { watchable, ourCards } = readerDriver(this.#options.reader);
    if (session === null || this.#over !== null || !watchable || ourCards === 'in process') return () => {};
    return watchPresence(this.#source.reader, session.reader, (gone) => {
      this.#over ??= gone;
      onGone(gone);
    });
  }

  /** Begins a trace; one that is open is finished first. @throws {HalError} `storage` */
  async record(file: string): Promise<void> {
    const session = this.#live();
    await this.stopRecording();
    const own = this.#source.own;
    const { sessionKeys } = this.#options.channel;
    this.#keys = sessionKeys === null ? null : new SessionKeyRecorder(sessionKeys);
    const description = {
      source: this.#options.source,
      backend: this.#source.backendAt(session.reader),
      reader: session.reader,
      driver: this.#source.reader.driver,
      interface: own?.cardInterface ?? readerDriver(this.#options.reader).interface ?? this.#options.interface,
      atr: session.atr,
      card: own?.opened.card.image.profile ?? null,
      cardSeed: own?.opened.seed ?? null,
      sessionKeys: this.#keys?.id ?? null,
    };
    this.#trace = await TraceWriter.create(file, description, secrecyOf(this.#options.record));
    const now = systemClock.nowNs();
    if (this.exchanges === 0) this.#trace.power('on', now, session.atr);
    else this.#trace.note('the recording begins in the middle of a session', now);
  }

  /** @returns the file; null when none was written @throws {HalError} `storage` */
  async stopRecording(): Promise<string | null> {
    const trace = this.#trace;
    const keys = this.#keys;
    this.#trace = null;
    this.#keys = null;
    await trace?.close();
    keys?.write();
    return trace?.path ?? null;
  }

  /** Harmless the second time. @throws {HalError} `storage`: the trace could not be finished */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    this.leaveChannel();
    try {
      await session?.disconnect();
    } finally {
      try {
        await this.stopRecording();
      } finally {
        await this.#source.close();
      }
    }
  }

  /** What goes into the trace that is open at the time. */
  get #recorder(): ConstructorParameters<typeof RecordedSession>[1] {
    return {
      command: (apdu, tNs) => this.#trace?.command(apdu, tNs),
      response: (apdu, tNs) => this.#trace?.response(apdu, tNs),
      power: (state, tNs, answer) => this.#trace?.power(state, tNs, answer),
      note: (text, tNs) => this.#trace?.note(text, tNs),
    };
  }

  #live(): CardSession {
    if (this.#over !== null) {
      throw new CannotRun(`the session with the card has ended (${this.#over.message}): reconnect`);
    }
    if (this.#session === null) throw new CannotRun('there is no session with a card: reconnect');
    return this.#session;
  }

  #nothingSelected(): void {
    this.leaveChannel();
    this.channel = 0;
    this.explainer.forget();
    if (this.#redactor !== null) this.#redactor = new Redactor();
  }

  #onChannel(command: Uint8Array): Uint8Array {
    const cla = command[0] as number;
    if (this.channel === 0 || !isInterindustry(cla)) return command;
    const moved = copyBytes(command);
    moved[0] = classByte(this.channel);
    return moved;
  }

  #answered(command: Uint8Array, exchange: Exchange): void {
    const { response } = exchange;
    this.lastSw = ((response.at(-2) as number) << 8) | (response.at(-1) as number);
    const why = this.explainer.why(command, response);
    const isProtected = 'wire' in exchange;
    this.#options.onAnswer({
      ...answerOf(command, response, exchange, why, this.#redactor),
      ...(isProtected && { isProtected }),
    });
  }

  /** Notes what ends the session. */
  async #watched<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof HalError && FINAL.has(error.kind)) this.#over ??= error;
      throw error;
    }
  }

  /** The same, or `aborted` when the signal fires before: then the answer is still under way. */
  async #ended<T>(call: Promise<T>): Promise<T> {
    const signal = this.#signal;
    let stop = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => {
        this.#left = call as Promise<never>;
        call.catch(() => {});
        reject(new HalError('aborted', 'the command was interrupted; its answer is still under way'));
      };
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
    });
    try {
      return await Promise.race([call, aborted]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Waits for the answer to a command that was interrupted: the card can take no other before. */
  async #answerLeft(): Promise<void> {
    const left = this.#left;
    if (left === null) return;
    try {
      await this.#ended(left);
      this.#left = null;
      this.#options.onNote('the command that was interrupted has ended, and its answer is dropped');
    } catch (error) {
      if (error instanceof HalError && error.kind === 'aborted') throw error;
      this.#left = null;
      throw error;
    }
  }
}
