import { type Fault, FaultPlan } from './faults/plan.ts';
import type { Field } from './field/field.ts';
import { type ChipEvent, SimulatedPn532 } from './pn532/chip.ts';
import type { ChipOptions } from './pn532/state.ts';
import { SerialAdapter } from './serial/adapter.ts';
import type { Timeline } from './timeline.ts';

export interface BoardOptions {
  readonly faults?: readonly Fault[];
  readonly chip?: ChipOptions;
}

export type BoardEvent =
  | ChipEvent
  | { readonly type: 'fault'; readonly fault: Fault; readonly occasion: number }
  | { readonly type: 'plugged' | 'unplugged' };

/** A board on a USB cable: a PN532, its antenna in a field, its serial adapter. The cable feeds the chip. */
export class SimulatedBoard {
  readonly name: string;
  readonly chip: SimulatedPn532;
  readonly adapter: SerialAdapter;
  /** Whoever has a port on this board hears here that it comes and goes. */
  onPlugged: ((plugged: boolean) => void) | null = null;
  onEvent: ((event: BoardEvent) => void) | null = null;
  readonly #timeline: Timeline;
  #plugged = true;
  #cancelReturn: (() => void) | null = null;

  constructor(name: string, timeline: Timeline, field: Field, options: BoardOptions = {}) {
    this.name = name;
    this.#timeline = timeline;
    const faults = new FaultPlan(options.faults);
    faults.onStrike = (fault, occasion) => this.onEvent?.({ type: 'fault', fault, occasion });
    this.chip = new SimulatedPn532(name, timeline, field, faults, options.chip);
    this.adapter = new SerialAdapter(timeline, faults, this.chip);
    this.chip.onSend = (bytes) => this.adapter.fromChip(bytes, this.chip.baudRate);
    this.chip.onEvent = (event) => this.onEvent?.(event);
    this.chip.powerOn();
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  /** @param backAfterNs when it is plugged in again by itself; null or absent: never */
  unplug(backAfterNs: number | null = null): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.adapter.cut();
    this.chip.powerOff();
    this.onEvent?.({ type: 'unplugged' });
    this.onPlugged?.(false);
    if (backAfterNs !== null) this.#cancelReturn = this.#timeline.after(backAfterNs, () => this.plug());
  }

  plug(): void {
    this.#cancelReturn?.();
    this.#cancelReturn = null;
    if (this.#plugged) return;
    this.#plugged = true;
    this.chip.powerOn();
    this.onEvent?.({ type: 'plugged' });
    this.onPlugged?.(true);
  }
}
