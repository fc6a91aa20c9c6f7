import { HalError } from '../errors.ts';
import type { CardSession, ConnectMode, Disposition, Reader } from '../reader.ts';
import { type Channel, fromHex, MOST_MESSAGE_CHARACTERS, parseMessage, toHex } from './messages.ts';

/** A reader that is given to somebody at the other end: that one of its driver, and no other. */
export interface FarReader {
  readonly reader: Reader;
  /** The reader's name, or a part of it; null for all that the driver lists. */
  readonly name: string | null;
  /** Whether a reader of that name is hardware; absent: nobody knows. */
  backendAt?(reader: string): 'simulated' | 'hardware';
  /** Where it stands, for a person: `bench one`. */
  readonly at?: string;
}

type Asked = Readonly<Record<string, unknown>>;

const MODES: readonly unknown[] = ['any', 'warm', 'cold'] satisfies ConnectMode[];
const DISPOSITIONS: readonly unknown[] = ['leave', 'reset', 'unpower'] satisfies Disposition[];
const LONGEST_WAIT_MS = 3_600_000;
const MOST_SESSIONS = 16;

/** Answers a `DistantReader` for a reader that is here. */
export class FarEnd {
  readonly #channel: Channel;
  readonly #far: FarReader;
  readonly #sessions = new Map<number, CardSession>();
  readonly #waits = new Map<number, AbortController>();
  #last = 0;
  #over = false;
  /** Fulfilled when the other end has gone and its sessions are closed. */
  readonly ended: Promise<void>;

  constructor(channel: Channel, far: FarReader) {
    this.#channel = channel;
    this.#far = far;
    channel.onText((text) => void this.#answer(text));
    this.ended = new Promise((resolve) => {
      channel.onClose(() => void this.#end().finally(resolve));
    });
  }

  async #answer(text: string): Promise<void> {
    const asked = parseMessage(text);
    if (asked === null) return this.#channel.close();
    try {
      this.#reply(asked.id, await this.#do(asked));
    } catch (error) {
      const kind = error instanceof HalError ? error.kind : 'fault';
      const message = error instanceof Error ? error.message : String(error);
      this.#reply(asked.id, { error: kind, message: message.slice(0, 1000) });
    }
  }

  #reply(id: number, answer: object): void {
    const text = JSON.stringify({ id, ...answer });
    // No response is longer than a command may be.
    if (text.length <= MOST_MESSAGE_CHARACTERS) this.#channel.send(text);
    else this.#channel.close();
  }

  async #do(asked: Asked & { readonly id: number }): Promise<object> {
    const { reader, name } = this.#far;
    switch (asked.op) {
      case 'list': {
        const all = await reader.list();
        const own = all.filter((each) => name === null || each.name.includes(name));
        return { readers: own.map((each) => ({ ...each, atr: each.atr === null ? null : toHex(each.atr) })) };
      }
      case 'connect':
        return this.#connect(asked);
      case 'abort':
        this.#waits.get(Number(asked.of))?.abort();
        return {};
      case 'transmit': {
        const { response, startNs, endNs } = await this.#session(asked).transmit(bytesOf(asked.command));
        return { response: toHex(response), tookNs: endNs - startNs };
      }
      case 'reset': {
        const session = this.#session(asked);
        await session.reset(asked.mode === 'warm' ? 'warm' : 'cold');
        return { atr: toHex(session.atr) };
      }
      case 'control':
        return { data: toHex(await this.#session(asked).control(Number(asked.code), bytesOf(asked.data))) };
      case 'disconnect': {
        const session = this.#session(asked);
        this.#sessions.delete(Number(asked.session));
        const { disposition } = asked;
        await session.disconnect(DISPOSITIONS.includes(disposition) ? (disposition as Disposition) : 'reset');
        return {};
      }
      default:
        throw new HalError('protocol', 'the other end asks for what no reader does');
    }
  }

  async #connect({ id, reader: wanted, timeoutMs, mode }: Asked & { readonly id: number }): Promise<object> {
    const { reader, name } = this.#far;
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0 && timeoutMs <= LONGEST_WAIT_MS) || !MODES.includes(mode)) {
      throw new HalError('protocol', 'the other end asks for a connection that there is not');
    }
    if (this.#sessions.size >= MOST_SESSIONS) throw new HalError('busy', 'too many sessions are open with this reader');
    // Before anything is waited for: the other end may give up in its next message.
    const wait = new AbortController();
    this.#waits.set(id, wait);
    try {
      const part = await this.#nameOf(wanted, name);
      const session = await reader.connect({
        timeoutMs,
        mode: mode as ConnectMode,
        signal: wait.signal,
        ...(part === null ? {} : { reader: part }),
      });
      // The other end went while the card answered: nobody else would end this session.
      if (this.#over) await session.disconnect('reset').catch(() => {});
      if (this.#over) throw new HalError('aborted', 'the other end has gone');
      const number = ++this.#last;
      this.#sessions.set(number, session);
      const backend = this.#far.backendAt?.(session.reader) ?? null;
      const { reader: named, protocol } = session;
      return { session: number, reader: named, at: this.#far.at ?? null, atr: toHex(session.atr), protocol, backend };
    } finally {
      this.#waits.delete(id);
    }
  }

  /** Whatever the other end names, it gets no other reader than its own. @throws {HalError} `no-reader` */
  async #nameOf(wanted: unknown, own: string | null): Promise<string | null> {
    if (typeof wanted !== 'string') return own;
    if (own === null || own.includes(wanted)) return own ?? wanted;
    const names = (await this.#far.reader.list()).map((each) => each.name).filter((each) => each.includes(own));
    if (names.some((each) => each.includes(wanted))) return own;
    throw new HalError('no-reader', `there is no reader ${wanted} at the other end`);
  }

  #session({ session }: Asked): CardSession {
    const found = this.#sessions.get(Number(session));
    if (found === undefined) throw new HalError('aborted', 'this session with the card has ended');
    return found;
  }

  async #end(): Promise<void> {
    this.#over = true;
    for (const wait of this.#waits.values()) wait.abort();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.disconnect('reset').catch(() => {})));
  }
}

function bytesOf(text: unknown): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === null) throw new HalError('protocol', 'the other end sends what are no bytes');
  return bytes;
}
