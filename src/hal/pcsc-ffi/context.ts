import type { HalError } from '../errors.ts';
import { SCARD, scardFailure } from '../pcsc/scard-error.ts';
import { deniedOrGone } from '../pcsc/service-socket.ts';
import { limitedCall } from './limited-call.ts';
import { type Handle, PNP_READER, STATE, SUCCESS, type Winscard } from './winscard.ts';

/** The service answers these at once; one that is stopped never does. */
const SERVICE_LIMIT_MS = 5000;
/** A wait for a change is asked for again after this long: it holds one of few threads. */
const LONGEST_WAIT_MS = 1000;

/** A reader as the service tells of it. */
export interface SeenReader {
  readonly name: string;
  readonly cardPresent: boolean;
  readonly atr: Uint8Array | null;
  /** Counts insertions and removals. */
  readonly eventCount: number;
}

/**
 * One SCARDCONTEXT that lists readers and waits for changes. pcsc-lite carries out the calls of a context one after the
 * other, so a session has a context of its own.
 */
export class PcscContext {
  readonly winscard: Winscard;
  readonly #context: Handle;
  #waiting = false;

  /** @throws {HalError} `no-service`, `permission`, `timeout` */
  static async establish(winscard: Winscard, limitMs: number = SERVICE_LIMIT_MS): Promise<PcscContext> {
    const { code, context } = await limitedCall(winscard.establishContext(), limitMs, SERVICE, (late) => {
      if (late.code === SUCCESS) void winscard.releaseContext(late.context);
    });
    if (code !== SUCCESS) throw await deniedOrGone(scardFailure(code, ''));
    return new PcscContext(winscard, context);
  }

  private constructor(winscard: Winscard, context: Handle) {
    this.winscard = winscard;
    this.#context = context;
  }

  get handle(): Handle {
    return this.#context;
  }

  /** Every reader as it is now. @throws {HalError} `no-service`, `timeout` */
  async look(): Promise<readonly SeenReader[]> {
    const { code, names } = await limitedCall(this.winscard.listReaders(this.#context), SERVICE_LIMIT_MS, SERVICE);
    if (code === SCARD.noReaders) return [];
    if (code !== SUCCESS) throw scardFailure(code, '');
    if (names.length === 0) return [];
    return this.#states(new Map(names.map((name) => [name, 0])), 0);
  }

  /**
   * Waits until a reader or the list of readers is no longer as it was seen, or for the time.
   * @param seen as `look` gave it
   * @throws {HalError} `no-service`
   */
  async change(seen: readonly SeenReader[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || timeoutMs <= 0) return;
    const known = new Map(seen.map(({ name, eventCount, cardPresent }) => [name, stateOf(eventCount, cardPresent)]));
    known.set(PNP_READER, (known.size << 16) >>> 0);
    const cancel = (): void => void this.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    this.#waiting = true;
    try {
      await this.#states(known, Math.min(Math.ceil(timeoutMs), LONGEST_WAIT_MS));
    } finally {
      this.#waiting = false;
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Ends a wait that is under way. */
  async cancel(): Promise<void> {
    if (this.#waiting)
      await limitedCall(this.winscard.cancel(this.#context), SERVICE_LIMIT_MS, SERVICE).catch(() => {});
  }

  async release(): Promise<void> {
    await this.cancel();
    await limitedCall(this.winscard.releaseContext(this.#context), SERVICE_LIMIT_MS, SERVICE).catch(() => {});
  }

  async #states(known: ReadonlyMap<string, number>, timeoutMs: number): Promise<readonly SeenReader[]> {
    const call = this.winscard.getStatusChange(this.#context, known, timeoutMs);
    const { code, states } = await limitedCall(call, timeoutMs + SERVICE_LIMIT_MS, SERVICE);
    const quiet = code === SCARD.timeout || code === SCARD.cancelled || code === SCARD.unknownReader;
    if (code !== SUCCESS && !quiet) throw scardFailure(code, '');
    return states
      .filter(({ name, event }) => name !== PNP_READER && (event & (STATE.unknown | STATE.unavailable)) === 0)
      .map(({ name, event, atr }) => {
        const cardPresent = (event & STATE.present) !== 0;
        return {
          name,
          cardPresent,
          atr: cardPresent && atr.length > 0 ? atr : null,
          eventCount: (event >>> 16) & 0xffff,
        };
      });
  }
}

const SERVICE = 'The PC/SC service';

/** What SCardGetStatusChange compares: the presence and the count; the rest of the bits may come and go. */
function stateOf(eventCount: number, cardPresent: boolean): number {
  return ((eventCount << 16) | (cardPresent ? STATE.present : 0x10)) >>> 0;
}

/** The service is over for a context after these. */
export function endsContext({ kind }: HalError): boolean {
  return kind === 'no-service' || kind === 'timeout';
}
