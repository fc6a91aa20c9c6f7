import { copyBytes } from '../../apdu/copy-bytes.ts';
import { HalError } from '../errors.ts';
import type { SerialLine } from '../serial-line.ts';
import { ACK, encodeFrame, type FrameEvent, FrameReader, LARGEST_PAYLOAD, NACK, TFI } from './frame.ts';
import { noRepairs, type Repairs } from './repairs.ts';
import { Pn532SyntaxError } from './status.ts';
import { type CommandOptions, type Pn532Transport, realTimers, type Timers } from './transport.ts';

/**
 * What wakes a sleeping chip: anything of this length, after which it listens. The command must follow in the same
 * breath, as libnfc does it.
 */
export const WAKE_UP: Readonly<Uint8Array> = Uint8Array.of(0x55, 0x55, ...new Array<number>(14).fill(0));

/**
 * The chip acknowledges within 15 ms. USB bridges keep bytes for up to 16 ms before they pass them on, and a busy
 * machine looks later. A chip that was heard before is given four times the time with each repetition: a machine that is that
 * busy needs patience, and no chip falls silent by itself.
 */
const ACK_MS = 100;
const ACK_GROWTH = 4;
/** The same for a command that undoes itself: to send it again costs what it had done, and a late host is no lost command. */
const PATIENT_ACK_MS = 500;
/** How often a command is sent when it is not acknowledged, and a damaged response is asked for. */
const TRIES = 3;
/** After a command that ended badly the line has to be quiet so long before the next one. */
const QUIET_MS = 10;
/** A line that is never quiet does not get longer. */
const QUIET_TRIES = 30;
/** A command that must not be sent twice and is not acknowledged may still be answered; not for as long as otherwise. */
const UNACKNOWLEDGED_MS = 5000;
/** The chip gives up a frame after this many bit times without a byte; here for its frames to us. */
const INTER_BYTE_MS_BAUD = 10_252_800;
const SHORTEST_INTER_BYTE_MS = 20;
/**
 * Diagnose 00, communication line: changes nothing in any state of the chip, which gives back what it is sent: `marker`,
 * and a number of two bytes, another each time.
 */
const MARKER: Readonly<Uint8Array> = Uint8Array.of(0x00, 0x00, 0x6d, 0x61, 0x72, 0x6b, 0x65, 0x72);
const MARKER_OPTIONS: CommandOptions = { timeoutMs: 500, repeatable: true };

interface Pending {
  readonly command: number;
  /** Null for a marker, which is another each time that it is sent. */
  readonly frame: Uint8Array | null;
  readonly options: CommandOptions;
  readonly resolve: (response: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
  acknowledged: boolean;
  sent: number;
  nacks: number;
  /** How often it was begun, with nothing of it left in the line. */
  begun: number;
}

/**
 * A PN532 on a high speed UART: frames, acknowledgements, repetitions.
 *
 * ```
 *                 command                       ACK
 *   idle ───────────────────────> unacknowledged ────────> acknowledged
 *    ^ ^    (unsure: first the      │  ^ │ no ACK: again,     │  ^ │ damaged: NACK, three times;
 *    │ │     marker, like a         │  └─┘ three times in all │  └─┘ no response: again, three times in all
 *    │ │     command)               │                         │
 *    │ └────────────────────────────┴──── response, at once ──┘
 *    │                              │
 *    │  quiet for 10 ms             │ given up, aborted, or asked for more than once
 *    └────────────────── settling <─┘ (and unsure, until a marker is answered)
 *
 *   any ── the port goes ──> lost
 * ```
 *
 * A command that undoes itself is never in the line twice: again means given up, and after the marker begun anew, three
 * times in all.
 */
export class HsuTransport implements Pn532Transport {
  readonly name: string;
  readonly largestCommand: number = LARGEST_PAYLOAD;
  readonly largestResponse: number = LARGEST_PAYLOAD;
  readonly waitsForever = true;
  readonly line: SerialLine;
  readonly timers: Timers;
  /** What the line needed so far. */
  readonly repairs: Repairs;
  readonly #frames: FrameReader = new FrameReader(TFI.chipToHost);
  readonly #queue: Pending[] = [];
  #pending: Pending | null = null;
  /** Bytes and frames since the line was opened: garbage is bytes without frames. */
  #bytesReceived = 0;
  #framesReceived = 0;
  /** Something may still come that belongs to a command that is over. */
  #dirty = false;
  /**
   * A command that is over may be answered still. Acknowledgements and error frames do not tell whose they are, nor
   * does an answer to another command of the same code. But the line keeps the order: all that is in it comes before
   * the answer to a marker that is sent now.
   */
  #unsure = false;
  /** Number of the marker that was sent last. */
  #marker = 0;
  #settling = false;
  /** Precedes the next command. */
  #wakeUp = false;
  #cancelTimer: () => void = nothing;
  #stalling = false;
  #lastByteCount = 0;
  /** What the line had skipped before there was a response to damage. */
  #noise = 0;
  #lost: Error | null = null;
  #lostListener: ((reason: Error) => void) | null = null;

  /** @param repairs counted on in there, as when one board's line is opened several times */
  constructor(line: SerialLine, timers: Timers = realTimers, repairs: Repairs = noRepairs()) {
    this.line = line;
    this.timers = timers;
    this.repairs = repairs;
    this.name = `pn532:${line.path}`;
    line.onData((chunk) => this.#received(chunk));
    line.onClose((reason) => this.#closed(reason));
  }

  /** Whether bytes came, but never a frame: another baud rate, or no PN532. */
  get onlyGarbage(): boolean {
    return this.#bytesReceived > 0 && this.#framesReceived === 0;
  }

  /** Forgets what is known about the line's quality, as after a change of the baud rate. */
  forgetNoise(): void {
    this.#bytesReceived = this.#framesReceived = 0;
    this.#frames.reset();
  }

  /** The next command is sent after what wakes a sleeping chip. */
  wakeWithNextCommand(): void {
    this.#wakeUp = true;
  }

  exchange(command: Uint8Array, options: CommandOptions): Promise<Uint8Array> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    if (command.length > LARGEST_PAYLOAD) {
      const words = `a command of ${command.length} bytes is too long: the PN532 takes ${LARGEST_PAYLOAD}`;
      return Promise.reject(new HalError('too-long', words));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push(pendingOf(command, options, resolve, reject));
      this.#startNext();
    });
  }

  abort(): void {
    const pending = this.#pending;
    for (const waiting of this.#queue.splice(0)) waiting.reject(aborted());
    if (pending === null) return;
    void this.acknowledge();
    this.#leave();
    this.#end(() => pending.reject(aborted()));
  }

  /** The host's ACK frame: ends what the chip is doing, or confirms a new baud rate. */
  acknowledge(): Promise<void> {
    return this.#send(ACK as Uint8Array);
  }

  onLost(listener: (reason: Error) => void): void {
    this.#lostListener = listener;
    if (this.#lost !== null) void Promise.resolve().then(() => listener(this.#lost as Error));
  }

  async close(): Promise<void> {
    this.#lostListener = null;
    await this.line.close();
  }

  #startNext(): void {
    if (this.#pending !== null || this.#settling) return;
    if (this.#dirty) {
      this.#settle();
      return;
    }
    const next = this.#queue[0];
    if (next === undefined) return;
    // A chip that sleeps takes nothing but SAMConfiguration, whose answers are all alike.
    const first = this.#unsure && !this.#wakeUp ? this.#markerBefore(next) : next;
    if (first === next) this.#queue.shift();
    this.#pending = first;
    this.#sendCommand(first);
  }

  /** A command whose answer comes after everything that could be taken for one to `next`. */
  #markerBefore(next: Pending): Pending {
    const give = (error: unknown): void => {
      const at = this.#queue.indexOf(next);
      if (at >= 0) this.#queue.splice(at, 1);
      next.reject(error);
    };
    return { ...pendingOf(MARKER as Uint8Array, MARKER_OPTIONS, nothing, give), frame: null };
  }

  /** Waits until nothing comes any more, and forgets it. */
  #settle(triesLeft = QUIET_TRIES): void {
    this.#settling = true;
    const before = this.#bytesReceived;
    this.timers.after(QUIET_MS, () => {
      this.#settling = false;
      this.#frames.reset();
      if (this.#bytesReceived !== before && triesLeft > 0) {
        this.#settle(triesLeft - 1);
        return;
      }
      this.#dirty = false;
      this.#startNext();
    });
  }

  #sendCommand(pending: Pending): void {
    if (pending.sent++ > 0) this.repairs.resent++;
    const frame = pending.frame ?? this.#nextMarker();
    if (this.#wakeUp) {
      const both = new Uint8Array(WAKE_UP.length + frame.length);
      both.set(WAKE_UP);
      both.set(frame, WAKE_UP.length);
      void this.#send(both);
    } else {
      void this.#send(frame);
    }
    const patient = PATIENT_ACK_MS * 2 ** pending.begun;
    const known = pending.options.undoesItself === true ? patient : ACK_MS * ACK_GROWTH ** (pending.sent - 1);
    const ackMs = this.#framesReceived === 0 ? ACK_MS : known;
    this.#wait(ackMs + this.#wireMs(frame.length), () => this.#unacknowledged(pending));
  }

  #nextMarker(): Uint8Array {
    this.#marker = (this.#marker + 1) & 0xffff;
    return encodeFrame(TFI.hostToChip, Uint8Array.of(...MARKER, this.#marker >> 8, this.#marker & 0xff));
  }

  /** What a frame takes on the wire there, and the acknowledgement back. */
  #wireMs(bytes: number): number {
    return Math.ceil(((bytes + WAKE_UP.length + ACK.length) * 10_000) / this.line.baudRate);
  }

  #unacknowledged(pending: Pending): void {
    if (this.#beginAnew(pending)) return;
    if (mayRepeat(pending)) {
      this.#frames.reset();
      this.#sendCommand(pending);
      return;
    }
    if (pending.options.repeatable) {
      this.#fail(pending, this.#silence(pending));
      return;
    }
    // The command was perhaps carried out and must not be sent again: its response may still come.
    const ms = Math.min(pending.options.timeoutMs ?? UNACKNOWLEDGED_MS, UNACKNOWLEDGED_MS);
    this.#wait(ms, () => this.#fail(pending, this.#silence(pending)));
  }

  /** @returns false: it may be sent again as it is, or has been begun often enough */
  #beginAnew(pending: Pending): boolean {
    const { repeatable, undoesItself = false } = pending.options;
    if (!repeatable || !undoesItself || pending.begun + 1 >= TRIES) return false;
    this.repairs.resent++;
    this.#cancelTimer();
    this.#cancelTimer = nothing;
    this.#pending = null;
    this.#queue.unshift({ ...pending, acknowledged: false, sent: 0, nacks: 0, begun: pending.begun + 1 });
    this.#leave();
    this.#startNext();
    return true;
  }

  #silence(pending: Pending): HalError {
    const words = pending.acknowledged ? 'gave no response' : 'does not answer';
    return new HalError('timeout', `the PN532 on ${this.line.path} ${words}`);
  }

  #received(chunk: Uint8Array): void {
    this.#bytesReceived += chunk.length;
    const before = this.#frames.skipped;
    this.#frames.push(chunk, this.#onFrame);
    this.repairs.dropped += this.#frames.skipped - before;
    if (this.#hasRuins() && !this.#stalling) this.#watchRuins();
  }

  /** Whether something came that is not a whole frame, and may be what is left of the response. */
  #hasRuins(): boolean {
    if (this.#pending === null) return false;
    return this.#frames.midFrame || (this.#pending.acknowledged && this.#frames.skipped > this.#noise);
  }

  /** A frame that was begun and does not go on is no frame; one without a beginning never was. */
  #watchRuins(): void {
    this.#stalling = true;
    this.#lastByteCount = this.#bytesReceived;
    const ms = Math.max(SHORTEST_INTER_BYTE_MS, Math.ceil(INTER_BYTE_MS_BAUD / this.line.baudRate));
    this.timers.after(ms, () => {
      this.#stalling = false;
      if (!this.#hasRuins()) return;
      if (this.#bytesReceived !== this.#lastByteCount) {
        this.#watchRuins();
        return;
      }
      if (this.#frames.midFrame) this.repairs.damaged++;
      this.#frames.reset();
      this.#damaged();
    });
  }

  #onFrame = (event: FrameEvent): void => {
    if (event.kind === 'damaged') {
      this.repairs.damaged++;
      this.#damaged();
      return;
    }
    this.#framesReceived++;
    const pending = this.#pending;
    if (pending === null) return;
    switch (event.kind) {
      case 'ack':
        // One that was sent again is begun again with each acknowledgement, and has its time anew.
        this.#acknowledged(pending);
        return;
      case 'error':
        // A marker is understood: what was not is older.
        if (pending.frame === null) return;
        this.#answered(pending);
        this.#end(() => pending.reject(new Pn532SyntaxError(pending.command, this.line.path)));
        return;
      case 'data':
        // A late response to another command is dropped. Without its acknowledgement a response tells as much.
        if (event.payload[0] !== pending.command + 1) return;
        // Only the last marker comes after all that was in the line.
        if (markerOf(event.payload) !== (pending.frame === null ? this.#marker : null)) return;
        this.#finish(pending, copyBytes(event.payload));
        return;
      case 'nack':
        return;
    }
  };

  #acknowledged(pending: Pending): void {
    pending.acknowledged = true;
    this.#wakeUp = false;
    this.#noise = this.#frames.skipped;
    const { timeoutMs } = pending.options;
    if (timeoutMs === null) this.#cancelTimer();
    else this.#wait(timeoutMs, () => this.#unanswered(pending));
  }

  #unanswered(pending: Pending): void {
    if (this.#beginAnew(pending)) return;
    if (mayRepeat(pending)) {
      pending.acknowledged = false;
      this.#frames.reset();
      this.#sendCommand(pending);
      return;
    }
    this.#fail(pending, this.#silence(pending));
  }

  /** Only after the acknowledgement: before it the chip would repeat the response to the command before. */
  #damaged(): void {
    const pending = this.#pending;
    if (pending === null || !pending.acknowledged) return;
    if (++pending.nacks > TRIES) {
      const words = `the responses of the PN532 on ${this.line.path} arrive damaged: check the wiring and the baud rate`;
      this.#fail(pending, new HalError('protocol', words));
      return;
    }
    this.#noise = this.#frames.skipped;
    this.repairs.nacks++;
    void this.#send(NACK as Uint8Array);
  }

  #finish(pending: Pending, response: Uint8Array): void {
    this.#wakeUp = false;
    if (!pending.acknowledged) this.repairs.unacknowledged++;
    this.#answered(pending);
    this.#end(() => pending.resolve(response));
  }

  /** What was asked for more than once may come again. A marker is known by its number, however often it comes. */
  #answered(pending: Pending): void {
    if (pending.frame === null) this.#unsure = false;
    else if (pending.sent > 1 || pending.nacks > 0) {
      this.repairs.resynchronised++;
      this.#leave();
    }
  }

  /** The command is over, and what comes for it is old. */
  #leave(): void {
    this.#dirty = this.#unsure = true;
  }

  #fail(pending: Pending, error: HalError): void {
    // Whatever the chip is still doing for this command, it stops.
    void this.acknowledge();
    this.repairs.resynchronised++;
    this.#leave();
    this.#end(() => pending.reject(error));
  }

  #end(settle: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = nothing;
    this.#pending = null;
    settle();
    this.#startNext();
  }

  #wait(ms: number, action: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.timers.after(ms, action);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    try {
      await this.line.write(bytes);
    } catch (error) {
      this.#closed(error as Error);
    }
  }

  #closed(reason: Error | null): void {
    if (this.#lost !== null) return;
    const lost = reason ?? new HalError('aborted', `the serial port ${this.line.path} was closed`);
    this.#lost = lost;
    const pending = this.#pending;
    for (const waiting of this.#queue.splice(0)) waiting.reject(lost);
    if (pending !== null) this.#end(() => pending.reject(lost));
    if (reason !== null) this.#lostListener?.(lost);
  }
}

/** Whether it may be in the line once more. */
function mayRepeat({ options, sent }: Pending): boolean {
  return options.repeatable && options.undoesItself !== true && sent < TRIES;
}

function pendingOf(
  command: Uint8Array,
  options: CommandOptions,
  resolve: Pending['resolve'],
  reject: Pending['reject'],
): Pending {
  const frame = encodeFrame(TFI.hostToChip, command);
  return {
    command: command[0] as number,
    frame,
    options,
    resolve,
    reject,
    acknowledged: false,
    sent: 0,
    nacks: 0,
    begun: 0,
  };
}

/** @returns the number of the marker that this answers, null when it answers none */
function markerOf(response: Uint8Array): number | null {
  if (response.length !== MARKER.length + 2 || response[0] !== (MARKER[0] as number) + 1) return null;
  for (let i = 1; i < MARKER.length; i++) if (response[i] !== MARKER[i]) return null;
  return ((response[MARKER.length] as number) << 8) | (response[MARKER.length + 1] as number);
}

function aborted(): HalError {
  return new HalError('aborted', 'the command was cancelled');
}

function nothing(): void {}
