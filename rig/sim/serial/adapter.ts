import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { FaultPlan } from '../faults/plan.ts';
import type { Timeline } from '../timeline.ts';
import { sampledBytes, wireNs } from './uart.ts';

/** The chip's side of the wire. */
export interface WiredChip {
  readonly baudRate: number;
  /** Bytes as sampled, the last of which ends now. */
  receive(bytes: Uint8Array): void;
}

/** The host's side: a port of a computer. */
export interface HostPort {
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
    const sent = this.#flipped('flip-to-chip', bytes);
    const late = this.#faults.strikes('slow-host');
    const startNs = Math.max(this.#timeline.nowNs() + (late?.fault.value ?? 0) * 1e6, this.#toChipFreeNs);
    const { taken, cut } = this.#untilUnplugged(sent);
    const endNs = startNs + wireNs(taken.length, baudRate);
    this.#toChipFreeNs = endNs;
    const plugging = this.#plugging;
    this.#timeline.after(endNs - this.#timeline.nowNs(), () => {
      if (plugging !== this.#plugging) return;
      this.#chip.receive(sampledBytes(taken, baudRate, this.#chip.baudRate));
      if (cut !== null) this.#unplug(cut);
    });
  }

  /** Nothing is on the wire to the chip for so long after what was written so far. */
  restToChip(ns: number): void {
    this.#toChipFreeNs = Math.max(this.#timeline.nowNs(), this.#toChipFreeNs) + ns;
  }

  /** The chip sends. */
  fromChip(bytes: Uint8Array, baudRate: number): void {
    const { taken, cut } = this.#untilUnplugged(this.#flipped('flip-to-host', bytes));
    const startNs = Math.max(this.#timeline.nowNs(), this.#toHostFreeNs);
    const endNs = startNs + wireNs(taken.length, baudRate);
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
