import type { Clock } from '../clock.ts';
import { HalError, type HalErrorKind } from '../errors.ts';
import type { CardSession, ConnectMode, Disposition, Exchange, Reader, ReaderInfo } from '../reader.ts';
import { type Channel, fromHex, parseMessage, type Request, toHex } from './messages.ts';

type Reply = Readonly<Record<string, unknown>>;

interface Asked {
  resolve(reply: Reply): void;
  reject(error: HalError): void;
}

/** Kinds that the far end may name; anything else from there is a breach of the protocol. */
const KINDS: readonly string[] = [
  'no-service',
  'no-reader',
  'reader-lost',
  'no-card',
  'card-removed',
  'busy',
  'timeout',
  'protocol',
  'no-port',
  'permission',
  'too-long',
  'unsupported',
  'aborted',
  'storage',
  'damaged',
] satisfies HalErrorKind[];

const LONGEST_SENTENCE = 1000;
/** After a stop: for the answer that is under way, and to give the card back. */
const LAST_WORDS_MS = 1000;

/** Sends commands to a card in a reader at the other end of a channel. */
export class DistantReader implements Reader {
  readonly driver = 'lab';
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #asked = new Map<number, Asked>();
  readonly #sessions = new Set<DistantSession>();
  #last = 0;
  #closed: HalError | null = null;
  readonly #forget: () => void;
  #backend: 'simulated' | 'hardware' = 'simulated';

  /** What the far end says of the reader with which a session was opened last; not believed to be hardware before. */
  get backend(): 'simulated' | 'hardware' {
    return this.#backend;
  }

  /** @param signal the person wants an end: nothing is waited for any more a moment later, also where nobody answers */
  constructor(channel: Channel, clock: Clock, signal?: AbortSignal) {
    this.#channel = channel;
    this.#clock = clock;
    channel.onText((text) => this.#hear(text));
    channel.onClose((reason) => this.#end(new HalError('reader-lost', reason)));
    signal?.addEventListener('abort', this.#cutSoon, { once: true });
    this.#forget = () => signal?.removeEventListener('abort', this.#cutSoon);
  }

  readonly #cutSoon = (): void => {
    setTimeout(() => {
      this.#end(aborted());
      this.#channel.close();
    }, LAST_WORDS_MS).unref();
  };

  async list(): Promise<readonly ReaderInfo[]> {
    const { readers } = await this.ask({ op: 'list' });
    if (!Array.isArray(readers)) throw breach();
    return readers.map(({ name, cardPresent, atr }: Reply): ReaderInfo => {
      if (typeof name !== 'string' || typeof cardPresent !== 'boolean') throw breach();
      return { name, cardPresent, atr: atr === null ? null : bytesOf(atr) };
    });
  }

  async connect(options: {
    readonly reader?: string;
    readonly timeoutMs: number;
    readonly mode?: ConnectMode;
    readonly signal?: AbortSignal;
  }): Promise<CardSession> {
    const { reader = null, timeoutMs, mode = 'any', signal } = options;
    if (signal?.aborted) throw aborted();
    const { id, reply } = this.#send({ op: 'connect', reader, timeoutMs, mode });
    const stop = (): void => void this.ask({ op: 'abort', of: id }).catch(() => {});
    signal?.addEventListener('abort', stop, { once: true });
    let answer: Reply;
    try {
      answer = await reply;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    this.#backend = answer.backend === 'hardware' ? 'hardware' : 'simulated';
    const session = new DistantSession(this, this.#clock, answer, (one) => this.#sessions.delete(one));
    if (this.#closed !== null) throw this.#closed;
    this.#sessions.add(session);
    return session;
  }

  async close(): Promise<void> {
    for (const session of [...this.#sessions]) await session.disconnect();
    this.#forget();
    this.#end(aborted());
    this.#channel.close();
  }

  /** One question and its answer. @throws {HalError} as the far end says it, or `reader-lost` */
  ask(request: Request): Promise<Reply> {
    return this.#send(request).reply;
  }

  #send(request: Request): { readonly id: number; readonly reply: Promise<Reply> } {
    const id = ++this.#last;
    if (this.#closed !== null) return { id, reply: Promise.reject(this.#closed) };
    const reply = new Promise<Reply>((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.#channel.send(JSON.stringify({ id, ...request }));
    return { id, reply };
  }

  #hear(text: string): void {
    const message = parseMessage(text);
    const asked = message === null ? undefined : this.#asked.get(message.id);
    if (message === null || asked === undefined) {
      this.#end(breach());
      this.#channel.close();
      return;
    }
    this.#asked.delete(message.id);
    if (message.error === undefined) asked.resolve(message);
    else asked.reject(errorOf(message));
  }

  #end(error: HalError): void {
    this.#closed ??= error;
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
    this.#sessions.clear();
  }
}

class DistantSession implements CardSession {
  readonly reader: string;
  readonly protocol: string;
  readonly #far: DistantReader;
  readonly #clock: Clock;
  readonly #session: number;
  readonly #ended: (session: DistantSession) => void;
  #atr: Uint8Array;
  #over = false;
  /** End of the last exchange: two exchanges never overlap. */
  #lastNs = 0;

  constructor(far: DistantReader, clock: Clock, answer: Reply, ended: (session: DistantSession) => void) {
    const { session, reader, at, atr, protocol } = answer;
    if (typeof session !== 'number' || typeof reader !== 'string' || typeof protocol !== 'string') throw breach();
    this.#far = far;
    this.#clock = clock;
    this.#session = session;
    this.#ended = ended;
    // Readers of one kind have one name: a person wants to know which of them it is.
    this.reader = typeof at === 'string' ? `${reader} at ${at}` : reader;
    this.protocol = protocol;
    this.#atr = bytesOf(atr);
  }

  get atr(): Uint8Array {
    return this.#atr;
  }

  async transmit(command: Uint8Array): Promise<Exchange> {
    this.#check();
    const sentNs = this.#clock.nowNs();
    const asked = this.#far.ask({ op: 'transmit', session: this.#session, command: toHex(command) });
    const { response, tookNs } = await asked;
    const cameNs = this.#clock.nowNs();
    if (typeof tookNs !== 'number' || !Number.isSafeInteger(tookNs) || tookNs < 0) throw breach();
    // Its own time only: a far clock that runs fast must not make it longer than the whole.
    const wholeNs = cameNs - sentNs;
    const farNs = Math.min(tookNs, wholeNs);
    const startNs = Math.max(sentNs + Math.floor((wholeNs - farNs) / 2), this.#lastNs);
    const endNs = Math.min(startNs + farNs, Math.max(cameNs, startNs));
    this.#lastNs = endNs;
    return { response: bytesOf(response), startNs, endNs, networkNs: wholeNs - farNs };
  }

  async reset(mode: 'warm' | 'cold'): Promise<void> {
    this.#check();
    const { atr } = await this.#far.ask({ op: 'reset', session: this.#session, mode });
    this.#atr = bytesOf(atr);
  }

  async control(code: number, data: Uint8Array): Promise<Uint8Array> {
    this.#check();
    return bytesOf((await this.#far.ask({ op: 'control', session: this.#session, code, data: toHex(data) })).data);
  }

  async disconnect(disposition: Disposition = 'reset'): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#ended(this);
    // Harmless where the reader, or the way to it, has gone.
    await this.#far.ask({ op: 'disconnect', session: this.#session, disposition }).catch(() => {});
  }

  #check(): void {
    if (this.#over) throw new HalError('aborted', 'this session with the card has ended');
  }
}

function errorOf({ error, message }: Reply): HalError {
  const words = typeof message === 'string' ? message.slice(0, LONGEST_SENTENCE) : 'no reason was given';
  if (typeof error === 'string' && KINDS.includes(error)) return new HalError(error as HalErrorKind, words);
  return new HalError('protocol', `the reader's end had a fault of its own: ${words}`);
}

function bytesOf(text: unknown): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === null) throw breach();
  return bytes;
}

function breach(): HalError {
  return new HalError('protocol', 'the other end of the way to the reader does not keep to its protocol');
}

function aborted(): HalError {
  return new HalError('aborted', 'the reader was closed');
}
