import { LARGEST_RESPONSE } from '../apdu-size.ts';
import type { Clock } from '../clock.ts';
import { HalError } from '../errors.ts';
import { SCARD, scardFailure } from '../pcsc/scard-error.ts';
import { commandRefusal, FINAL, REMOVAL_SEEN_MS } from '../pcsc/session-rules.ts';
import type { CardSession, ConnectMode, Disposition, Exchange } from '../reader.ts';
import { PcscContext, type SeenReader } from './context.ts';
import { limitedCall } from './limited-call.ts';
import { DISPOSITION, type Handle, PROTOCOL, SHARE, SUCCESS, type Winscard } from './winscard.ts';

/** Which transmission protocols a session may choose. */
export type ProtocolChoice = 'any' | 'T=0' | 'T=1';

export interface SessionOptions {
  readonly clock: Clock;
  readonly share: 'shared' | 'exclusive' | 'direct';
  readonly protocols: ProtocolChoice;
  readonly transmitTimeoutMs: number;
  /** Any of them gives up the call under way. */
  readonly signals: readonly AbortSignal[];
}

/** A card's power-on or power-off that takes longer has failed. */
const CONNECT_LIMIT_MS = 10_000;
/** How long the end of a session waits for the answer to a command under way. */
const LAST_ANSWER_MS = 500;

const PROTOCOLS: Readonly<Record<ProtocolChoice, number>> = {
  any: PROTOCOL.t0 | PROTOCOL.t1,
  'T=0': PROTOCOL.t0,
  'T=1': PROTOCOL.t1,
};

/** One connection to one card. */
export class PcscFfiSession implements CardSession {
  readonly reader: string;
  readonly #winscard: Winscard;
  readonly #context: PcscContext;
  readonly #options: SessionOptions;
  readonly #before: SeenReader;
  #card: Handle = 0;
  #protocol: number = PROTOCOL.none;
  #atr: Uint8Array;
  /** Why nothing more can be sent. */
  #over: HalError | null = null;
  #released = false;
  /** The call under way: calls are made in the order in which they were asked for. */
  #last: Promise<unknown> = Promise.resolve();

  /** @throws {HalError} `busy`, `no-card`, `card-removed`, `reader-lost`, `no-service`, `protocol`, `timeout` */
  static async begin(
    winscard: Winscard,
    seen: SeenReader,
    mode: ConnectMode,
    options: SessionOptions,
  ): Promise<PcscFfiSession> {
    const context = await PcscContext.establish(winscard);
    const session = new PcscFfiSession(context, seen, options);
    try {
      await session.#connect();
      if (mode !== 'any') await session.reset(mode);
      return session;
    } catch (error) {
      await session.disconnect('leave');
      throw error;
    }
  }

  private constructor(context: PcscContext, seen: SeenReader, options: SessionOptions) {
    this.reader = seen.name;
    this.#winscard = context.winscard;
    this.#context = context;
    this.#options = options;
    this.#before = seen;
    this.#atr = seen.atr ?? new Uint8Array(0);
  }

  /** As it was after the last reset. */
  get atr(): Uint8Array {
    return this.#atr;
  }

  get protocol(): string {
    return this.#protocol === PROTOCOL.t0 ? 'T=0' : 'T=1';
  }

  get ended(): boolean {
    return this.#released;
  }

  async transmit(command: Uint8Array): Promise<Exchange> {
    const refusal = commandRefusal(command, this.reader);
    if (refusal !== null) throw refusal;
    return this.#inOrder(() => this.#exchange(command));
  }

  /** SCardReconnect: the session keeps the card, and nobody comes between. */
  async reset(mode: 'warm' | 'cold'): Promise<void> {
    const initialization = mode === 'warm' ? DISPOSITION.reset : DISPOSITION.unpower;
    await this.#inOrder(() =>
      this.#watched(async () => {
        const { share, protocols } = this.#options;
        const call = this.#winscard.reconnect(this.#card, SHARE[share], PROTOCOLS[protocols], initialization);
        const { code, protocol } = await this.#limited(call, CONNECT_LIMIT_MS);
        this.#check(code);
        this.#protocol = protocol;
        await this.#readAtr();
      }),
    );
  }

  /**
   * Work that no other program's commands come between (SCardBeginTransaction, SCardEndTransaction). Commands inside go
   * through the session that it is given; those of this session from outside wait.
   */
  async transaction<T>(work: (session: Pick<CardSession, 'transmit'>) => Promise<T>): Promise<T> {
    return this.#inOrder(async () => {
      const { transmitTimeoutMs } = this.#options;
      await this.#watched(async () =>
        this.#check(await this.#limited(this.#winscard.beginTransaction(this.#card), transmitTimeoutMs)),
      );
      try {
        return await work({ transmit: (command) => this.#exchange(command) });
      } finally {
        await this.#limited(this.#winscard.endTransaction(this.#card, DISPOSITION.leave), CONNECT_LIMIT_MS).catch(
          () => {},
        );
      }
    });
  }

  /** @param code as the system writes it: `controlCode` of platform.ts makes it of a function's number */
  async control(code: number, data: Uint8Array): Promise<Uint8Array> {
    return this.#inOrder(() =>
      this.#watched(async () => {
        const call = this.#winscard.control(this.#card, code >>> 0, data, LARGEST_RESPONSE);
        const answer = await this.#limited(call, this.#options.transmitTimeoutMs);
        this.#check(answer.code);
        return answer.response;
      }),
    );
  }

  /** `reset` by default: what the session was allowed to do ends with it. */
  async disconnect(disposition: Disposition = 'reset'): Promise<void> {
    const ending = new HalError('aborted', 'this session has ended');
    this.#over ??= ending;
    if (this.#released) return;
    this.#released = true;
    const answered = await settledWithin(this.#last, LAST_ANSWER_MS);
    if (!answered) return;
    // To reset a card that is gone confuses pcscd: it may not see the next one.
    const how = this.#over === ending ? DISPOSITION[disposition] : DISPOSITION.leave;
    if (this.#card !== 0)
      await this.#limited(this.#winscard.disconnect(this.#card, how), CONNECT_LIMIT_MS).catch(() => {});
    await this.#context.release();
  }

  async #connect(): Promise<void> {
    const { share, protocols } = this.#options;
    const wanted = share === 'direct' ? PROTOCOL.none : PROTOCOLS[protocols];
    const call = this.#winscard.connect(this.#context.handle, this.reader, SHARE[share], wanted);
    const { code, card, protocol } = await limitedCall(
      call,
      CONNECT_LIMIT_MS,
      this.#words,
      (late) => {
        if (late.code === SUCCESS) void this.#winscard.disconnect(late.card, DISPOSITION.reset);
      },
      this.#options.signals,
    );
    this.#check(code);
    this.#card = card;
    this.#protocol = protocol;
    await this.#readAtr();
  }

  async #readAtr(): Promise<void> {
    const { code, atr } = await this.#limited(this.#winscard.status(this.#card), CONNECT_LIMIT_MS);
    if (code === SUCCESS && atr.length > 0) this.#atr = atr;
  }

  async #exchange(command: Uint8Array): Promise<Exchange> {
    const { clock, transmitTimeoutMs } = this.#options;
    return this.#watched(async () => {
      if (this.#over !== null) throw this.#over;
      const startNs = clock.nowNs();
      let endNs = startNs;
      const call = this.#winscard.transmit(this.#card, this.#protocol, command, LARGEST_RESPONSE, () => {
        endNs = clock.nowNs();
      });
      const { code, response } = await this.#limited(call, transmitTimeoutMs, () => {
        // Nobody holds the session any more: lets other programs have the card.
        void this.#winscard.disconnect(this.#card, DISPOSITION.reset);
      });
      this.#check(code);
      // What pcscd makes of a card that goes away in the middle of a command is an empty answer.
      if (response.length < 2) throw new HalError('protocol', `the card in "${this.reader}" gave no status word`);
      return { response, startNs, endNs };
    });
  }

  get #words(): string {
    return `The reader "${this.reader}"`;
  }

  #limited<T>(call: Promise<T>, timeoutMs: number, onLate?: () => void): Promise<T> {
    return limitedCall(call, timeoutMs, this.#words, onLate, this.#options.signals);
  }

  #check(code: number): void {
    if (code !== SUCCESS) throw scardFailure(code, this.reader);
  }

  /** Calls the reader; an error that may be a card taken out is looked into, a final one ends the session. */
  async #watched<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof HalError)) throw error;
      const certain = isAmbiguous(error) ? await this.#lookInto(error) : error;
      if (FINAL.has(certain.kind)) this.#over ??= certain;
      throw certain;
    }
  }

  async #lookInto(error: HalError): Promise<HalError> {
    const deadlineMs = performance.now() + REMOVAL_SEEN_MS;
    const never = new AbortController().signal;
    try {
      for (;;) {
        const seen = await this.#context.look();
        const now = seen.find(({ name }) => name === this.reader);
        if (now === undefined) return new HalError('reader-lost', `the reader "${this.reader}" was unplugged`);
        if (!now.cardPresent || now.eventCount !== this.#before.eventCount) {
          return new HalError('card-removed', `the card was taken out of "${this.reader}"`, { cause: error });
        }
        const leftMs = deadlineMs - performance.now();
        if (leftMs <= 0) return error;
        await this.#context.change(seen, leftMs, never);
      }
    } catch (failure) {
      return failure instanceof HalError ? failure : error;
    }
  }

  async #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last
      .catch(() => {})
      .then(() => {
        if (this.#over !== null) throw this.#over;
        return work();
      });
    this.#last = mine.catch(() => {});
    return mine;
  }
}

function isAmbiguous(error: HalError): boolean {
  if (error.kind !== 'protocol') return false;
  const code = error.cause instanceof Error ? error.cause.message : null;
  return code === null || code.toUpperCase().includes(SCARD.notTransacted.toString(16).toUpperCase());
}

async function settledWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const answered = await Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    late,
  ]);
  clearTimeout(timer);
  return answered;
}
