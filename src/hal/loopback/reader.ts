import { sizeRefusal } from '../apdu-size.ts';
import { HalError } from '../errors.ts';
import type { CardSession, ConnectMode, Disposition, Exchange, Reader, ReaderInfo } from '../reader.ts';
import type { LoopbackSlot } from './slot.ts';

/** The reader's side: one slot, one session at a time. */
export class LoopbackReader implements Reader {
  readonly driver = 'loopback';
  #slot: LoopbackSlot;
  #session: LoopbackSession | null = null;
  #closing: AbortController = new AbortController();

  constructor(slot: LoopbackSlot) {
    this.#slot = slot;
  }

  async list(): Promise<readonly ReaderInfo[]> {
    const slot = this.#slot;
    if (!slot.plugged) return [];
    return [{ name: slot.name, cardPresent: slot.cardPresent, atr: slot.cardPresent ? slot.atr() : null }];
  }

  async connect(options: {
    readonly reader?: string;
    readonly timeoutMs: number;
    readonly mode?: ConnectMode;
    readonly signal?: AbortSignal;
  }): Promise<CardSession> {
    const slot = this.#slot;
    if (options.reader !== undefined && !slot.name.includes(options.reader)) {
      throw new HalError('no-reader', `no reader named "${options.reader}"; there is "${slot.name}"`);
    }
    if (!slot.cardPresent) await this.#cardComes(options.timeoutMs, options.signal);
    if (options.signal?.aborted || this.#closing.signal.aborted) throw aborted();
    if (!slot.plugged) throw new HalError('no-reader', `the reader "${slot.name}" is unplugged`);
    if (!slot.cardPresent) throw new HalError('no-card', `no card in the reader "${slot.name}"`);
    if (this.#session?.open) throw new HalError('busy', `the reader "${slot.name}" is in use`);
    if (options.mode === 'cold') slot.powerOff();
    if (options.mode === 'warm') slot.warmReset();
    slot.powerOn();
    this.#session = new LoopbackSession(slot);
    return this.#session;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#session?.disconnect();
  }

  /** Resolves when a card is there, the time is over, or the wait is cancelled. */
  #cardComes(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#slot.waiters.delete(look);
        signal?.removeEventListener('abort', done);
        this.#closing.signal.removeEventListener('abort', done);
        resolve();
      };
      const look = (): void => {
        if (this.#slot.cardPresent) done();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#slot.waiters.add(look);
      signal?.addEventListener('abort', done);
      this.#closing.signal.addEventListener('abort', done);
      if (signal?.aborted || this.#closing.signal.aborted) done();
    });
  }
}

class LoopbackSession implements CardSession {
  readonly reader: string;
  readonly protocol = 'direct';
  #slot: LoopbackSlot;
  #generation: number;
  #atr: Uint8Array;
  #disconnected = false;

  constructor(slot: LoopbackSlot) {
    this.reader = slot.name;
    this.#slot = slot;
    this.#generation = slot.generation;
    this.#atr = slot.atr();
  }

  get atr(): Uint8Array {
    return this.#atr;
  }

  get open(): boolean {
    return !this.#disconnected && this.#generation === this.#slot.generation;
  }

  // Not an async function: the card is called at once, and a refusal is a rejection all the same.
  transmit(command: Uint8Array): Promise<Exchange> {
    const { largestCommand } = this.#slot.limits;
    if (this.#disconnected) return Promise.reject(ended());
    const refusal = sizeRefusal(command, largestCommand, 'this reader');
    if (refusal !== null) return Promise.reject(refusal);
    try {
      return Promise.resolve(this.#slot.exchange(this.#generation, command));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async reset(mode: 'warm' | 'cold'): Promise<void> {
    if (this.#disconnected) throw ended();
    if (!this.open) throw this.#slot.ending;
    if (mode === 'cold') {
      this.#slot.powerOff();
      this.#slot.powerOn();
    } else {
      this.#slot.warmReset();
    }
    this.#atr = this.#slot.atr();
  }

  async control(): Promise<Uint8Array> {
    throw new HalError('unsupported', 'the loopback reader takes no commands for itself');
  }

  /** `reset` by default: what the session was allowed to do ends with it. */
  async disconnect(disposition: Disposition = 'reset'): Promise<void> {
    const wasOpen = this.open;
    this.#disconnected = true;
    if (!wasOpen) return;
    if (disposition === 'reset') this.#slot.warmReset();
    if (disposition === 'unpower') this.#slot.powerOff();
  }
}

function ended(): HalError {
  return new HalError('aborted', 'this session has ended');
}

function aborted(): HalError {
  return new HalError('aborted', 'the wait for a card was cancelled');
}
