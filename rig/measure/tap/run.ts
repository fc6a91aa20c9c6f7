import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { toHex } from '../../../src/apdu/hex.ts';
import { commandName } from '../../../src/apdu/instruction.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { ForwardingSession } from '../../../src/hal/forwarding-session.ts';
import type { CardSession, Exchange } from '../../../src/hal/reader.ts';
import { ChannelFailure } from '../../channel/channel-failure.ts';
import type { ChannelAccount, StepTimes } from '../../channel/open-channel.ts';
import { CannotRun } from '../../console/failure.ts';
import { CardTerminal, type ExchangeListener } from '../../tap/terminal.ts';
import type { SeenExchange } from './account.ts';
import type { Metered } from './meter.ts';
import type { Arrivals, TapFailure } from './result.ts';
import { intendedNs, type Waiter } from './schedule.ts';
import type { TapScript } from './script.ts';
import type { TapSource } from './source.ts';

/** The bytes of a tap, for the trace of one that stands out. */
export interface TapBytes {
  readonly atr: Uint8Array;
  readonly apdus: readonly { readonly command: Uint8Array; readonly response: Uint8Array }[];
}

/** A tap as it was recorded; times count from the run's origin. */
export interface RecordedTap {
  readonly index: number;
  readonly intendedNs: number | null;
  readonly startNs: number;
  /** Null when no card was found. */
  readonly activatedNs: number | null;
  readonly activation: Metered;
  readonly exchanges: readonly SeenExchange[];
  readonly endNs: number;
  readonly failure: TapFailure | null;
  /** How its channel was opened; null: it was sent in clear. */
  readonly channel: TapChannel | null;
  /** Kept for the slowest only. */
  bytes: TapBytes | null;
}

/** The secure channel of one tap. */
export interface TapChannel {
  readonly account: ChannelAccount;
  readonly steps: readonly StepTimes[];
  /** Commands inside it, and what this program took to protect them and to check their answers. */
  readonly commands: number;
  readonly protectionNs: number;
}

export interface RunOptions {
  readonly source: TapSource;
  readonly script: TapScript;
  readonly taps: number;
  readonly warmUp: number;
  readonly arrivals: Arrivals;
  readonly waiter: Waiter;
  readonly signal: AbortSignal;
  /** Told before each tap. @param index negative while warming up */
  readonly onTap?: (index: number, failures: number) => void;
}

export interface Run {
  /** Without warm-up. What was recorded before an end that was not wanted is all there. */
  readonly taps: readonly RecordedTap[];
  /** The first tap of all, of warm-up where there was any: its index and its times are then below 0. Null when there was none. */
  readonly first: RecordedTap | null;
  /** Why the run ended before its taps were done: {@link HalError} or {@link CannotRun}; null when they were. */
  readonly ended: Error | null;
}

/** With these the reader is gone, and no other tap can be. */
const FINAL: ReadonlySet<string> = new Set(['reader-lost', 'no-service', 'no-reader', 'no-port', 'permission']);
/** And with these when no tap was good yet: what is missing was never there. */
const FINAL_AT_FIRST: ReadonlySet<string> = new Set([...FINAL, 'no-card', 'busy', 'unsupported']);
/** A reader that failed this often in a row will not come back by itself. */
const FAILURES_IN_A_ROW = 10;
/** Bytes of this many taps are kept: outliers come from them. */
const KEPT_BYTES = 8;
/** A card in process answers without a turn of the event loop: Ctrl-C would not be heard before the last tap. */
const LISTEN_EVERY_MS = 50;

/** Taps again and again. Failed taps are recorded and do not end the run, unless the reader is gone. */
export async function runTaps(options: RunOptions): Promise<Run> {
  const { source, warmUp, taps, arrivals, waiter, signal } = options;
  const recorded: RecordedTap[] = [];
  const slowest: RecordedTap[] = [];
  const tapper = new Tapper(options);
  let failures = 0;
  let inARow = 0;
  let good = false;
  let first: RecordedTap | null = null;
  const isFinal = ({ kind }: TapFailure): boolean => tapper.final || (good ? FINAL : FINAL_AT_FIRST).has(kind);
  const listen = listener();
  for (let i = -warmUp; i < 0; i++) {
    await listen();
    if (signal.aborted) return { taps: [], first: null, ended: null };
    options.onTap?.(i, 0);
    const tap = await tapper.tap(i, null, 0, () => waiter.clock.nowNs());
    first ??= tap;
    if (tap.failure === null) good = true;
    else if (isFinal(tap.failure)) return { taps: [], first: null, ended: asError(tap.failure) };
  }
  // The first tap's preparation is no part of the schedule.
  await source.prepare().catch(() => {});
  const originNs = waiter.clock.nowNs();
  if (first !== null) first = since(originNs, first);
  for (let i = 0; i < taps; i++) {
    await listen();
    if (signal.aborted) break;
    options.onTap?.(i, failures);
    const intended = intendedNs(arrivals, i);
    const wait = intended === null ? undefined : () => waiter.until(originNs + intended, signal);
    const tap = await tapper.tap(i, intended, originNs, () => waiter.clock.nowNs(), wait);
    // Stopped in the middle: no tap, and no failure of the card's.
    if (signal.aborted) break;
    // Nothing was measured, so nothing is reported.
    if (!good && tap.failure !== null && FINAL_AT_FIRST.has(tap.failure.kind)) {
      return { taps: [], first: null, ended: asError(tap.failure) };
    }
    first ??= tap;
    recorded.push(tap);
    keepSlowest(slowest, tap);
    if (tap.failure === null) {
      good = true;
      inARow = 0;
      continue;
    }
    failures++;
    inARow++;
    if (isFinal(tap.failure) || inARow >= FAILURES_IN_A_ROW) {
      return { taps: recorded, first, ended: asError(tap.failure) };
    }
  }
  return { taps: recorded, first, ended: null };
}

/** A tap whose times count from another moment. */
function since(originNs: number, tap: RecordedTap): RecordedTap {
  const from = (ns: number): number => ns - originNs;
  return {
    ...tap,
    startNs: from(tap.startNs),
    activatedNs: tap.activatedNs === null ? null : from(tap.activatedNs),
    exchanges: tap.exchanges.map((each) => ({ ...each, startNs: from(each.startNs), endNs: from(each.endNs) })),
    endNs: from(tap.endNs),
  };
}

/** Between two taps, now and then, a turn of the event loop. */
function listener(): () => Promise<void> {
  let lastMs = performance.now();
  return async () => {
    if (performance.now() - lastMs < LISTEN_EVERY_MS) return;
    await turn();
    lastMs = performance.now();
  };
}

function asError({ kind, message }: TapFailure): Error {
  return FINAL_AT_FIRST.has(kind) ? new HalError(kind as HalError['kind'], message) : new CannotRun(message);
}

function keepSlowest(slowest: RecordedTap[], tap: RecordedTap): void {
  slowest.push(tap);
  if (slowest.length <= KEPT_BYTES) return;
  slowest.sort((a, b) => b.endNs - b.startNs - (a.endNs - a.startNs));
  for (const dropped of slowest.splice(KEPT_BYTES)) dropped.bytes = null;
}

/** One tap after the other, each held against the content of the first good one. */
class Tapper {
  readonly #source: TapSource;
  readonly #script: TapScript;
  readonly #signal: AbortSignal;
  #content: string | null = null;
  #final = false;

  constructor({ source, script, signal }: RunOptions) {
    this.#source = source;
    this.#script = script;
    this.#signal = signal;
  }

  /** Whether the last tap says that no other may be. */
  get final(): boolean {
    return this.#final;
  }

  async tap(
    index: number,
    intended: number | null,
    originNs: number,
    now: () => number,
    wait?: () => Promise<void>,
  ): Promise<RecordedTap> {
    let startNs = 0;
    let activatedNs: number | null = null;
    let activation: Metered = NOT_METERED;
    let session: RecordingSession | null = null;
    let inner: CardSession | null = null;
    let failure: TapFailure | null = null;
    let terminal: CardTerminal | null = null;
    const done = (): number => session?.exchanges.length ?? 0;
    let begun = false;
    try {
      await this.#source.prepare();
      await wait?.();
      begun = true;
      startNs = now();
      const tap = await this.#source.begin(this.#signal);
      ({ startNs, metered: activation } = tap);
      activatedNs = tap.endNs;
      inner = tap.session;
      session = new RecordingSession(inner, this.#source, originNs);
      const content = new PlainContent();
      terminal = new CardTerminal(session, { signal: this.#signal, listener: content });
      const complaint = await this.#script.run(terminal);
      failure =
        complaint === null
          ? this.#judge(content.digest, done())
          : { kind: 'refused', message: complaint.message, afterExchanges: done() };
      this.#final = complaint?.final ?? false;
    } catch (error) {
      if (!begun) startNs = now();
      failure = failureOf(error, done());
      // Another tap could cost the card a try of its code, or would be judged the same.
      this.#final = error instanceof ChannelFailure;
    }
    const failedNs = failure === null ? null : now();
    if (inner !== null) await this.#source.end(inner).catch(() => {});
    const last = session?.exchanges.at(-1)?.endNs;
    return {
      index,
      intendedNs: intended,
      startNs: startNs - originNs,
      activatedNs: activatedNs === null ? null : activatedNs - originNs,
      activation,
      exchanges: session?.exchanges ?? [],
      endNs: failedNs === null && last !== undefined ? last : (failedNs ?? now()) - originNs,
      failure,
      channel: terminal === null ? null : channelOf(terminal),
      bytes: session === null ? null : { atr: session.atr, apdus: session.apdus },
    };
  }

  #judge(content: string, afterExchanges: number): TapFailure | null {
    this.#content ??= content;
    if (content === this.#content) return null;
    const message = 'the card answered something else than in the first tap';
    return { kind: 'wrong-content', message, afterExchanges };
  }
}

const NOT_METERED: Metered = { cardNs: null, serialBytes: 0, chipNs: null };

function failureOf(error: unknown, afterExchanges: number): TapFailure {
  if (error instanceof HalError || error instanceof ChannelFailure) {
    return { kind: error.kind, message: error.message, afterExchanges };
  }
  // Garbage that is no response APDU or no record: the card's or the reader's, seen by who reads it.
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'fault', message: message.split('\n', 1)[0] as string, afterExchanges };
}

/** What the reading program got, so that two taps can be compared: inside a channel no two are alike on the wire. */
class PlainContent implements ExchangeListener {
  readonly #hash = createHash('sha1');

  get digest(): string {
    return this.#hash.copy().digest('base64');
  }

  command(): void {}

  /** An answer to a code holds no data. */
  response(apdu: Uint8Array): void {
    this.#hash.update(`${apdu.length}:`).update(apdu);
  }
}

function channelOf({ channel, exchanges }: CardTerminal): TapChannel | null {
  if (channel === null) return null;
  const inside = exchanges.filter(({ protectionNs }) => protectionNs !== undefined);
  const protectionNs = inside.reduce((sum, each) => sum + (each.protectionNs ?? 0), 0);
  return { account: channel.account, steps: channel.steps, commands: inside.length, protectionNs };
}

/** A session that writes down what passes. */
class RecordingSession extends ForwardingSession {
  readonly exchanges: SeenExchange[] = [];
  readonly apdus: { command: Uint8Array; response: Uint8Array }[] = [];
  readonly #source: TapSource;
  readonly #originNs: number;
  constructor(session: CardSession, source: TapSource, originNs: number) {
    super(session);
    this.#source = source;
    this.#originNs = originNs;
  }

  async transmit(command: Uint8Array): Promise<Exchange> {
    const exchange = await this.session.transmit(command);
    const { response } = exchange;
    const metered = this.#source.take();
    if (response.length < 2) throw new HalError('protocol', 'an answer without a status word');
    this.exchanges.push({
      command: commandName(command[0] as number, command[1] as number),
      header: toHex(command.subarray(0, 4)),
      status: toHex(response.subarray(-2)),
      sentBytes: command.length,
      receivedBytes: response.length,
      serialBytes: metered.serialBytes,
      startNs: exchange.startNs - this.#originNs,
      endNs: exchange.endNs - this.#originNs,
      metered,
    });
    this.apdus.push({ command, response });
    return exchange;
  }
}
