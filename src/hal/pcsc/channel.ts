import { LARGEST_RESPONSE } from '../apdu-size.ts';
import { HalError } from '../errors.ts';
import { countHeldCall } from '../system/exit-now.ts';
import type { NativeCardReader } from './binding.ts';
import { scardError } from './scard-error.ts';
import { deniedOrGone } from './service-socket.ts';
import { watchService } from './service-watch.ts';

/** A card's power-on or power-off that takes longer has failed. */
const CONNECT_LIMIT_MS = 10_000;

/** Never emptied: the destructor of an object that never watched is not safe (binding.ts). */
const pinned: NativeCardReader[] = [];

let stuckCalls = 0;

/**
 * How many calls to the PC/SC service were given up and are still unanswered. Each holds a thread that cannot be
 * stopped, and while it does `process.exit` hangs: see system/exit-now.ts.
 */
export function stuckPcscCalls(): number {
  return stuckCalls;
}

/** One connection to one card, as promises, with a limit of time on every call. Errors are HalErrors. */
export class Channel {
  readonly reader: string;
  /** Whether a call was given up: the object is locked until the answer comes, and not to be used again. */
  stuck = false;
  #native: NativeCardReader;
  /** Gives up the call under way, if there is one. */
  #giveUp: ((error: HalError) => void) | null = null;

  constructor(native: NativeCardReader, reader: string) {
    this.#native = native;
    this.reader = reader;
    pinned.push(native);
  }

  /**
   * @param share `direct`: the reader itself, with or without a card in it
   * @returns the protocol, 1 for T=0 and 2 for T=1; 0 for none
   */
  connect(share: 'shared' | 'exclusive' | 'direct'): Promise<number> {
    const native = this.#native;
    const modes = {
      shared: native.SCARD_SHARE_SHARED,
      exclusive: native.SCARD_SHARE_EXCLUSIVE,
      direct: native.SCARD_SHARE_DIRECT,
    };
    const mode = modes[share];
    const protocols = share === 'direct' ? 0 : native.SCARD_PROTOCOL_T0 | native.SCARD_PROTOCOL_T1;
    return this.#call(CONNECT_LIMIT_MS, (done) => native._connect(mode, protocols, done));
  }

  async disconnect(disposition: 'leave' | 'reset' | 'unpower'): Promise<void> {
    await this.#call<undefined>(CONNECT_LIMIT_MS, (done) => this.#native._disconnect(this.#code(disposition), done));
  }

  /** @param onAnswer called as soon as the answer is there */
  transmit(command: Uint8Array, protocol: number, timeoutMs: number, onAnswer: () => void): Promise<Uint8Array> {
    const data = Buffer.from(command.buffer, command.byteOffset, command.length);
    return this.#call(timeoutMs, (done) =>
      this.#native._transmit(data, LARGEST_RESPONSE, protocol, (error, response) => {
        onAnswer();
        // As a plain array: a Buffer's own slice() would not copy.
        done(error, response && new Uint8Array(response.buffer, response.byteOffset, response.length));
      }),
    );
  }

  control(code: number, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    // The binding reads and writes these from another thread: the callback keeps both alive.
    const held = { data: Buffer.from(data), output: Buffer.alloc(LARGEST_RESPONSE) };
    return this.#call(timeoutMs, (done) =>
      this.#native._control(held.data, code, held.output, (error, length) =>
        done(error, Uint8Array.from(held.output.subarray(0, length ?? 0))),
      ),
    );
  }

  /** The call under way fails with this error now, whenever its answer may come. */
  abandon(error: HalError): void {
    this.#giveUp?.(error);
  }

  #code(disposition: 'leave' | 'reset' | 'unpower'): number {
    switch (disposition) {
      case 'leave':
        return this.#native.SCARD_LEAVE_CARD;
      case 'reset':
        return this.#native.SCARD_RESET_CARD;
      case 'unpower':
        return this.#native.SCARD_UNPOWER_CARD;
    }
  }

  #call<T>(timeoutMs: number, start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let settled = false;
      let givenUp = false;
      const giveUp = (error: HalError): void => {
        if (settled) return;
        settle();
        givenUp = true;
        this.stuck = true;
        stuckCalls++;
        countHeldCall(1);
        reject(error);
      };
      const timer = setTimeout(
        () => giveUp(new HalError('timeout', `the reader "${this.reader}" gave no answer for ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
      const unwatch = watchService((silence) => giveUp(silence));
      const settle = (): void => {
        settled = true;
        clearTimeout(timer);
        unwatch();
        this.#giveUp = null;
      };
      this.#giveUp = giveUp;
      start((error, value) => {
        if (givenUp) {
          stuckCalls--;
          countHeldCall(-1);
          // Nobody holds the session any more: lets other programs have the card.
          this.#native._disconnect(this.#native.SCARD_RESET_CARD, () => {});
          return;
        }
        settle();
        if (error) void deniedOrGone(scardError(error, this.reader)).then(reject);
        else resolve(value as T);
      });
    });
  }
}
