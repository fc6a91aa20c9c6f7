import type { Clock } from '../../../src/hal/clock.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { ForwardingSession } from '../../../src/hal/forwarding-session.ts';
import type { CardSession, ConnectMode, Disposition, Exchange, Reader, ReaderInfo } from '../../../src/hal/reader.ts';
import type { TraceWriter } from '../writer.ts';

/** The calls of a trace writer that a session makes. */
export type SessionRecorder = Pick<TraceWriter, 'command' | 'response' | 'power' | 'note'>;

/** A reader whose sessions are written down: power, resets, commands, answers, and why there was none. */
export class RecordedReader implements Reader {
  readonly driver: string;
  readonly #reader: Reader;
  readonly #recorder: SessionRecorder;
  readonly #clock: Clock;

  constructor(reader: Reader, recorder: SessionRecorder, clock: Clock) {
    this.driver = reader.driver;
    this.#reader = reader;
    this.#recorder = recorder;
    this.#clock = clock;
  }

  list(): Promise<readonly ReaderInfo[]> {
    return this.#reader.list();
  }

  async connect(options: {
    readonly reader?: string;
    readonly timeoutMs: number;
    readonly mode?: ConnectMode;
    readonly signal?: AbortSignal;
  }): Promise<CardSession> {
    const session = await this.#reader.connect(options);
    this.#recorder.power('on', this.#clock.nowNs(), session.atr);
    return new RecordedSession(session, this.#recorder, this.#clock);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

/** A session that is written down as it goes. Times of exchanges are those of the reader's driver. */
export class RecordedSession extends ForwardingSession {
  readonly #recorder: SessionRecorder;
  readonly #clock: Clock;
  #over = false;

  constructor(session: CardSession, recorder: SessionRecorder, clock: Clock) {
    super(session);
    this.#recorder = recorder;
    this.#clock = clock;
  }

  async transmit(command: Uint8Array): Promise<Exchange> {
    const sentNs = this.#clock.nowNs();
    try {
      const exchange = await this.session.transmit(command);
      this.#recorder.command(command, exchange.startNs);
      this.#recorder.response(exchange.response, exchange.endNs);
      return exchange;
    } catch (error) {
      this.#recorder.command(command, sentNs);
      this.#failed(error);
      throw error;
    }
  }

  override async reset(mode: 'warm' | 'cold'): Promise<void> {
    try {
      await this.session.reset(mode);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
    this.#recorder.power(mode === 'cold' ? 'on' : 'reset', this.#clock.nowNs(), this.session.atr);
  }

  override async disconnect(disposition?: Disposition): Promise<void> {
    await this.session.disconnect(disposition);
    if (!this.#over) this.#recorder.power('off', this.#clock.nowNs());
    this.#over = true;
  }

  #failed(error: unknown): void {
    this.#recorder.note(error instanceof HalError ? error.kind : 'fault', this.#clock.nowNs());
  }
}
