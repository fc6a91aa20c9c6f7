import type { ModemLines } from '../../../src/hal/serial-line.ts';
import { type Fault, FaultPlan } from '../faults/plan.ts';
import { SerialAdapter } from '../serial/adapter.ts';
import type { PortBoard } from '../serial/port-board.ts';
import type { Timeline } from '../timeline.ts';
import { SimulatedStm32, type StartedProgram, type Stm32Event, type Stm32Options } from './bootloader.ts';

export type Stm32BoardEvent =
  | Stm32Event
  | { readonly type: 'fault'; readonly fault: Fault; readonly occasion: number }
  | { readonly type: 'plugged' | 'unplugged' };

export interface Stm32BoardOptions extends Omit<Stm32Options, 'program'> {
  readonly faults?: readonly Fault[];
  /** What runs once the program in the flash starts; absent: it says nothing. */
  readonly program?: (flash: Uint8Array, timeline: Timeline, faults: FaultPlan) => StartedProgram | null;
}

/** A board with an STM32 on a USB cable, which feeds it. RTS asserted sets BOOT0 high, DTR asserted holds it in reset. */
export class Stm32Board implements PortBoard {
  readonly name: string;
  readonly chip: SimulatedStm32;
  readonly adapter: SerialAdapter;
  onPlugged: ((plugged: boolean) => void) | null = null;
  onEvent: ((event: Stm32BoardEvent) => void) | null = null;
  readonly #timeline: Timeline;
  #plugged = true;
  #inReset = false;

  constructor(name: string, timeline: Timeline, options: Stm32BoardOptions) {
    this.name = name;
    this.#timeline = timeline;
    const faults = new FaultPlan(options.faults);
    faults.onStrike = (fault, occasion) => this.onEvent?.({ type: 'fault', fault, occasion });
    const { program, ...chip } = options;
    this.chip = new SimulatedStm32(timeline, faults, {
      ...chip,
      ...(program === undefined ? {} : { program: (flash) => program(flash, timeline, faults) }),
    });
    this.adapter = new SerialAdapter(timeline, faults, this.chip);
    this.chip.onSend = (bytes) => this.adapter.fromChip(bytes, this.chip.baudRate);
    this.chip.onEvent = (event) => this.onEvent?.(event);
    this.chip.onPowerFail = (backAfterNs) => this.unplug(backAfterNs);
    this.chip.powerOn();
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  unplug(backAfterNs: number | null = null): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.adapter.cut();
    this.chip.powerOff();
    this.onEvent?.({ type: 'unplugged' });
    this.onPlugged?.(false);
    if (backAfterNs !== null) this.#timeline.after(backAfterNs, () => this.plug());
  }

  plug(): void {
    if (this.#plugged) return;
    this.#plugged = true;
    this.chip.powerOn();
    this.onEvent?.({ type: 'plugged' });
    this.onPlugged?.(true);
  }

  setModemLines({ dtr, rts }: ModemLines): void {
    this.chip.boot0 = rts;
    if (this.#inReset && !dtr) this.chip.reset();
    this.#inReset = dtr;
  }
}
