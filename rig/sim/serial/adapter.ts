import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { FaultPlan } from '../faults/plan.ts';
import type { Timeline } from '../timeline.ts';
import { BITS_PER_BYTE, sampledBytes, wireNs } from './uart.ts';

/** The chip's side of the wire. */
export interface WiredChip {
  readonly baudRate: number;
  /** It takes what comes at any speed, and measures that. */
  readonly measuresSpeed?: boolean;
  /** Even parity, a bit more for each byte; none by default. */
  readonly evenParity?: boolean;
  /** Bytes as sampled at this speed, the last of which ends now. */
  receive(bytes: Uint8Array, baudRate: number): void;
}

/** The host's side: a port of a computer. */
export interface HostPort {
  /** Whether it sends and expects even parity; absent: nothing tells, as on a pseudo-terminal. */
  readonly evenParity?: boolean;
  /** @param baudRate at which the chip sent them; the port samples them at its own */
  deliver(bytes: Uint8Array, baudRate: number): void;
  /** The adapter is gone; back after so many nanoseconds, or never (null). */
  unplugged(backAfterNs: number | null): void;
}

/** A USB adapter passes on what it holds when it has this much. */
const ADAPTER_BUFFER = 62;

/** A USB to serial adapter between a host and a chip: the time of each byte on the wire, and what goes wrong there. */
export class SerialAdapter {
  readonly #timeline: Timeline;
  readonly #faults: FaultPlan;
  readonly #chip: WiredChip;
  #port: HostPort | null = null;
  /** When the wire is free again, each way. */
  #toChipFreeNs = 0;
  #toHostFreeNs = 0;
  #held: number[] = [];
  #cancelHold: (() => void) | null = null;
  /** Grows with each unplugging: what was on the wire then is lost. */
  #plugging = 0;

  constructor(timeline: Timeline, faults: FaultPlan, chip: WiredChip) {
    this.#timeline = timeline;
    this.#faults = faults;
    this.#chip = chip;
  }

  /** @param port null when nothing is connected: what the chip sends is lost */
  connect(port: HostPort | null): void {
    this.#port = port;
    if (port === null) this.#held = [];
  }

  /** The port writes. */
  fromHost(bytes: Uint8Array, baudRate: number): void {
    const sent = this.#flipped('flip-to-chip', this.#without('lose-to-chip', bytes));
    const late = this.#faults.strikes('slow-host');
    const startNs = Math.max(this.#timeline.nowNs() + (late?.fault.value ?? 0) * 1e6, this.#toChipFreeNs);
    const { taken, cut } = this.#untilUnplugged(sent);
    const endNs = startNs + this.#wireNs(taken.length, baudRate);
    this.#toChipFreeNs = endNs;
    const plugging = this.#plugging;
    this.#timeline.after(endNs - this.#timeline.nowNs(), () => {
      if (plugging !== this.#plugging) return;
      const rate = this.#chip.measuresSpeed === true ? baudRate : this.#chip.baudRate;
      this.#chip.receive(this.#withParityRight(sampledBytes(taken, baudRate, rate)), rate);
      if (cut !== null) this.#unplug(cut);
    });
  }

  /** Nothing is on the wire to the chip for so long after what was written so far. */
  restToChip(ns: number): void {
    this.#toChipFreeNs = Math.max(this.#timeline.nowNs(), this.#toChipFreeNs) + ns;
  }

  /** The chip sends. */
  fromChip(bytes: Uint8Array, baudRate: number): void {
    const sent = this.#flipped('flip-to-host', this.#without('lose-to-host', bytes));
    const { taken, cut } = this.#untilUnplugged(this.#parityMisread(sent));
    const startNs = Math.max(this.#timeline.nowNs(), this.#toHostFreeNs);
    const endNs = startNs + this.#wireNs(taken.length, baudRate);
    this.#toHostFreeNs = endNs;
    const plugging = this.#plugging;
    this.#timeline.after(endNs - this.#timeline.nowNs(), () => {
      if (plugging !== this.#plugging) return;
      if (this.#port !== null) this.#toPort(taken, baudRate);
      if (cut !== null) this.#unplug(cut);
    });
  }

  /** Forgets what is on the wire. */
  cut(): void {
    this.#plugging++;
    this.#held = [];
    this.#cancelHold?.();
    this.#cancelHold = null;
    this.#toChipFreeNs = 0;
    this.#toHostFreeNs = 0;
  }

  #toPort(bytes: Uint8Array, baudRate: number): void {
    const latency = this.#faults.holds('latency-timer');
    if (latency === null) {
      this.#deliver(bytes, baudRate);
      return;
    }
    this.#held.push(...bytes);
    while (this.#held.length >= ADAPTER_BUFFER)
      this.#deliver(Uint8Array.from(this.#held.splice(0, ADAPTER_BUFFER)), baudRate);
    if (this.#held.length === 0 || this.#cancelHold !== null) return;
    // The timer runs freely: what comes waits for its next end.
    const periodNs = latency.value * 1e6;
    const nowNs = this.#timeline.nowNs();
    this.#cancelHold = this.#timeline.after(periodNs - (nowNs % periodNs), () => {
      this.#cancelHold = null;
      const held = this.#held.splice(0);
      if (held.length > 0) this.#deliver(Uint8Array.from(held), baudRate);
    });
  }

  #deliver(bytes: Uint8Array, baudRate: number): void {
    if (this.#port === null || bytes.length === 0) return;
    this.#timeline.yieldToHost();
    this.#port.deliver(bytes, baudRate);
  }

  #wireNs(bytes: number, baudRate: number): number {
    return wireNs(bytes, baudRate, this.#chip.evenParity === true ? BITS_PER_BYTE + 1 : BITS_PER_BYTE);
  }

  /** The host sends without parity: the chip takes the stop bit for it, which is wrong for every other byte. */
  #withParityRight(bytes: Uint8Array): Uint8Array {
    return this.#parityFits ? bytes : bytes.filter(hasOddOnes);
  }

  /** Likewise the host takes the parity bit for a stop bit; where it is 0, the port gives 00. */
  #parityMisread(bytes: Uint8Array): Uint8Array {
    return this.#parityFits ? bytes : bytes.map((byte) => (hasOddOnes(byte) ? byte : 0));
  }

  get #parityFits(): boolean {
    return this.#chip.evenParity !== true || this.#port?.evenParity !== false;
  }

  #without(name: 'lose-to-chip' | 'lose-to-host', bytes: Uint8Array): Uint8Array {
    const strike = this.#faults.strikes(name, bytes.length);
    return strike === null ? bytes : bytes.filter((_, i) => i !== strike.at);
  }

  #flipped(name: 'flip-to-chip' | 'flip-to-host', bytes: Uint8Array): Uint8Array {
    const strike = this.#faults.strikes(name, bytes.length);
    if (strike === null) return bytes;
    const wrong = copyBytes(bytes);
    wrong[strike.at]! ^= 1 << strike.fault.value;
    return wrong;
  }

  #untilUnplugged(bytes: Uint8Array): { taken: Uint8Array; cut: number | null } {
    const strike = this.#faults.strikes('unplug', bytes.length);
    if (strike === null) return { taken: bytes, cut: null };
    return { taken: bytes.subarray(0, strike.at + 1), cut: strike.fault.value };
  }

  #unplug(seconds: number): void {
    this.cut();
    this.#timeline.yieldToHost();
    this.#port?.unplugged(seconds === 0 ? null : seconds * 1e9);
  }
}

function hasOddOnes(byte: number): boolean {
  let ones = 0;
  for (let bits = byte; bits !== 0; bits >>= 1) ones ^= bits & 1;
  return ones === 1;
}
