import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { FaultPlan } from '../faults/plan.ts';
import type { AirFrame, Antenna, Field, FieldPlace } from '../field/field.ts';
import { risingEdges, wireNs } from '../serial/uart.ts';
import type { Timeline } from '../timeline.ts';
import { INITIATOR } from './commands/initiator.ts';
import { MISCELLANEOUS } from './commands/miscellaneous.ts';
import { NFC_DEP } from './commands/nfc-dep.ts';
import { TARGET } from './commands/target.ts';
import { ACK_FRAME, ERROR_FRAME, FROM_HOST, frameToHost, type HostFrame, HostFrameReceiver } from './host-frame.ts';
import { Poller } from './poller.ts';
import { Registers } from './registers.ts';
import { type ChipCommand, type ChipOptions, ChipState, type CommandTable } from './state.ts';
import { PARAMETER } from './status.ts';
import { Target } from './target.ts';
import { runWork } from './work.ts';

/** Every command that firmware 1.6 knows; the others are syntax errors. */
export const COMMANDS: CommandTable = { ...MISCELLANEOUS, ...INITIATOR, ...NFC_DEP, ...TARGET };

const SAM_CONFIGURATION = 0x14;
const POWER_UP_BAUD = 115_200;
/** From the end of a command frame to the ACK, and from there to a response that needs no time of its own. */
const ACK_DELAY_NS = 100_000;
const WORK_NS = 200_000;
/** After the host acknowledged SetSerialBaudRate. */
const BAUD_SWITCH_NS = 200_000;
/** Rising edges on the line that wake the chip, and how long its oscillator then takes: bytes meanwhile are lost. */
const WAKING_EDGES = 5;
const WAKE_NS = 300_000;
/** Wake-up sources of PowerDown. */
const WAKE_BY = { field: 0x08, hsu: 0x10 } as const;
/** The chip forgets a frame that does not go on for so long. */
const SILENCE_PER_BAUD_NS = 10_252_800 * 1e6;

/** `low-vbat`: as after power on, or PowerDown: asleep. */
type Power = 'off' | 'asleep' | 'waking' | 'awake';

export type ChipEvent =
  | { readonly type: 'power'; readonly power: Power }
  | { readonly type: 'command'; readonly code: number; readonly name: string; readonly parameters: Uint8Array }
  | { readonly type: 'response'; readonly code: number; readonly data: Uint8Array }
  | { readonly type: 'syntax-error'; readonly code: number }
  | { readonly type: 'abort'; readonly code: number }
  | { readonly type: 'baud-rate'; readonly baudRate: number };

/** A PN532 of firmware 1.6 on its high speed UART, as far as its host and the field can see. */
export class SimulatedPn532 implements Antenna {
  readonly name: string;
  /** What the chip sends to its host, in whole frames. */
  onSend: ((bytes: Uint8Array) => void) | null = null;
  onEvent: ((event: ChipEvent) => void) | null = null;
  readonly #timeline: Timeline;
  readonly #faults: FaultPlan;
  readonly #state: ChipState;
  readonly #poller: Poller;
  readonly #target: Target;
  readonly #place: FieldPlace;
  readonly #receiver = new HostFrameReceiver();
  #power: Power = 'off';
  #wakeSources = 0;
  #edges = 0;
  #awakeAtNs = 0;
  #lastByteNs = 0;
  #baudRate = POWER_UP_BAUD;
  #running: { readonly code: number; readonly cancel: () => void } | null = null;
  #lastResponse: Uint8Array | null = null;
  #stuck = false;
  /** Frames go without preamble and postamble. */
  #bare = false;

  constructor(name: string, timeline: Timeline, field: Field, faults: FaultPlan, options: ChipOptions = {}) {
    this.name = name;
    this.#timeline = timeline;
    this.#faults = faults;
    const registers = new Registers();
    this.#place = field.join(this);
    this.#place.fault = (frame) => this.#onAir(frame);
    this.#poller = new Poller(this.#place, () => this.#state.antennaMilliamps >= WEAKEST_FIELD_MILLIAMPS);
    this.#target = new Target(timeline, this.#place, registers);
    this.#state = new ChipState({
      timeline,
      faults,
      place: this.#place,
      poller: this.#poller,
      target: this.#target,
      registers,
      options,
    });
  }

  get baudRate(): number {
    return this.#baudRate;
  }

  get asleep(): boolean {
    return this.#power === 'asleep' || this.#power === 'off';
  }

  /** Power comes: the chip is in LowVBat mode until it is woken. */
  powerOn(): void {
    this.powerOff();
    this.#wakeSources = WAKE_BY.hsu;
    this.#setPower('asleep');
  }

  powerOff(): void {
    this.#cancel();
    this.#state.reset();
    this.#receiver.reset();
    this.#baudRate = POWER_UP_BAUD;
    this.#lastResponse = null;
    this.#stuck = false;
    this.#edges = 0;
    this.#setPower('off');
  }

  /** Bytes as the chip samples them, the last of which ends now. */
  receive(bytes: Uint8Array): void {
    const nowNs = this.#timeline.nowNs();
    const byteNs = wireNs(1, this.#baudRate);
    for (const [i, byte] of bytes.entries()) {
      this.#receiveByte(byte, nowNs - (bytes.length - 1 - i) * byteNs, byteNs);
    }
  }

  hears(): void {
    this.#poller.hears();
  }

  heard(frame: AirFrame, fromReader: boolean): void {
    if (this.#power !== 'awake') return;
    if (fromReader) this.#target.heard(frame);
    else this.#poller.heard(frame);
  }

  fieldChanged(on: boolean): void {
    if (this.#power === 'asleep' && on && (this.#wakeSources & WAKE_BY.field) !== 0) this.#wake(this.#timeline.nowNs());
    this.#target.fieldChanged(on);
  }

  #receiveByte(byte: number, endNs: number, byteNs: number): void {
    if (this.#power === 'off') return;
    if (this.#power === 'asleep') {
      if ((this.#wakeSources & WAKE_BY.hsu) === 0) return;
      this.#edges += risingEdges(byte);
      if (this.#edges >= WAKING_EDGES) this.#wake(endNs);
      return;
    }
    if (this.#power === 'waking') {
      if (endNs - byteNs < this.#awakeAtNs) return;
      this.#setPower('awake');
    }
    const silenceNs = endNs - byteNs - this.#lastByteNs;
    if (this.#receiver.inFrame && silenceNs > SILENCE_PER_BAUD_NS / this.#baudRate) this.#receiver.reset();
    this.#lastByteNs = endNs;
    const frame = this.#receiver.push(byte);
    if (frame !== null && !this.#stuck) this.#frame(frame);
  }

  #wake(atNs: number): void {
    this.#edges = 0;
    this.#receiver.reset();
    this.#awakeAtNs = atNs + WAKE_NS;
    this.#setPower('waking');
  }

  #frame(frame: HostFrame): void {
    switch (frame.kind) {
      // The host sees no ACK and sends again.
      case 'damaged':
        return;
      case 'ack':
        this.#acknowledged();
        return;
      case 'nack':
        if (this.#running === null && this.#lastResponse !== null) this.#send(this.#lastResponse);
        return;
      case 'data':
        this.#command(frame.tfi, frame.payload);
    }
  }

  /** The host's ACK: it has the response, or wants no longer to have it. */
  #acknowledged(): void {
    const running = this.#running;
    if (running !== null) {
      this.#cancel();
      this.#tell({ type: 'abort', code: running.code });
      return;
    }
    const { nextBaudRate } = this.#state;
    if (nextBaudRate === null) return;
    this.#state.nextBaudRate = null;
    this.#timeline.after(BAUD_SWITCH_NS, () => {
      this.#baudRate = nextBaudRate;
      this.#receiver.reset();
      this.#tell({ type: 'baud-rate', baudRate: nextBaudRate });
    });
  }

  #command(tfi: number, payload: Uint8Array): void {
    // A new command ends the one before.
    this.#cancel();
    this.#state.nextBaudRate = null;
    const code = payload[0];
    const command = tfi === FROM_HOST && code !== undefined ? COMMANDS[code] : undefined;
    if (!this.#state.samConfigured && code !== SAM_CONFIGURATION && this.#faults.holds('sam-first') !== null) return;
    if (this.#faults.holds('mute') !== null) return;
    const parameters = payload.subarray(1);
    // SetParameters holds from the next command on.
    this.#bare = this.#state.has(PARAMETER.noPreamble);
    this.#tell({ type: 'command', code: code ?? 0, name: command?.name ?? 'unknown', parameters });
    const ackNs = wireNs(ACK_FRAME.length, this.#baudRate);
    const lateNs = (this.#faults.strikes('slow-chip')?.fault.value ?? 0) * 1e6;
    const steps: (() => void)[] = [];
    this.#running = { code: code ?? 0, cancel: () => steps.splice(0).forEach((cancel) => void cancel()) };
    steps.push(
      this.#timeline.after(ACK_DELAY_NS, () => {
        if (this.#faults.strikes('lose-ack') === null) this.#send(this.#framed(ACK_FRAME));
        if (this.#faults.strikes('stuck') !== null) {
          this.#cancel();
          this.#stuck = true;
        }
      }),
      this.#timeline.after(ACK_DELAY_NS + ackNs + WORK_NS + lateNs, () => {
        if (command === undefined) this.#finish(code ?? 0, null);
        else steps.push(this.#work(code!, command, parameters));
      }),
    );
  }

  #work(code: number, command: ChipCommand, parameters: Uint8Array): () => void {
    return runWork(this.#timeline, command.run(this.#state, parameters), (data) => this.#finish(code, data));
  }

  #finish(code: number, data: Uint8Array | null): void {
    this.#running = null;
    const frame = data === null ? this.#framed(ERROR_FRAME) : this.#dataFrame(code, data);
    this.#tell(data === null ? { type: 'syntax-error', code } : { type: 'response', code: code + 1, data });
    this.#lastResponse = frame;
    if (this.#faults.strikes('lose-response') === null) this.#send(frame);
    const { powerDown } = this.#state;
    if (powerDown === null) return;
    this.#state.powerDown = null;
    this.#timeline.after(wireNs(frame.length, this.#baudRate), () => this.#sleep(powerDown));
  }

  #sleep(wakeSources: number): void {
    this.#cancel();
    this.#target.end();
    this.#poller.fieldOff();
    this.#wakeSources = wakeSources;
    this.#edges = 0;
    this.#receiver.reset();
    this.#setPower('asleep');
  }

  #dataFrame(code: number, data: Uint8Array): Uint8Array {
    return frameToHost(Uint8Array.of(code + 1, ...data), this.#bare);
  }

  /** SetParameters can take off preamble and postamble. */
  #framed(frame: Uint8Array): Uint8Array {
    return this.#bare ? frame.subarray(1, -1) : frame;
  }

  #send(frame: Uint8Array): void {
    if (this.#faults.holds('mute') !== null) return;
    const noise = this.#faults.strikes('garbage') !== null;
    this.onSend?.(noise ? frame.map((byte, i) => (byte * 167 + i * 89 + 31) & 0xff) : copyBytes(frame));
  }

  #onAir(frame: AirFrame): AirFrame | null {
    if (this.#faults.strikes('lose-air') !== null) return null;
    const flip = this.#faults.strikes('flip-air');
    if (flip === null) return frame;
    const bytes = copyBytes(frame.bytes);
    bytes[0]! ^= 1 << flip.fault.value;
    // One wrong bit breaks the parity of its byte.
    return { ...frame, bytes, damaged: true };
  }

  #cancel(): void {
    const running = this.#running;
    this.#running = null;
    running?.cancel();
  }

  #setPower(power: Power): void {
    if (power === this.#power) return;
    this.#power = power;
    this.#tell({ type: 'power', power });
  }

  #tell(event: ChipEvent): void {
    this.onEvent?.(event);
  }
}

/** Below this the field of the antenna feeds no card. */
const WEAKEST_FIELD_MILLIAMPS = 15;
