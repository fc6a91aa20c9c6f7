import type { FaultPlan } from '../faults/plan.ts';
import type { FieldPlace } from '../field/field.ts';
import type { Timeline } from '../timeline.ts';
import type { IsoDepPcd } from './iso-dep-pcd.ts';
import type { Poller, SelectedCard } from './poller.ts';
import type { Registers } from './registers.ts';
import { PARAMETER } from './status.ts';
import type { Target } from './target.ts';
import type { Work } from './work.ts';

/** What kind of PN532 is simulated. */
export interface ChipOptions {
  /** What the antenna draws at full power; 65 by default. */
  readonly antennaMilliamps?: number;
  /** As a card, sends S(WTX) by itself while its host thinks; true by default. */
  readonly asksForTime?: boolean;
}

/** A card that the chip holds as a reader. */
export interface ListedCard {
  readonly card: SelectedCard;
  /** Null for a card without ISO/IEC 14443-4, or when the host speaks it itself. */
  readonly isoDep: IsoDepPcd | null;
  /** It was sent to HALT, by InDeselect or because another one is selected. */
  deselected: boolean;
}

/** Retries of RFConfiguration 05; FF is for ever. */
interface Retries {
  atr: number;
  psl: number;
  passiveActivation: number;
}

/** The memory of the chip, as its commands use it. */
export class ChipState {
  readonly timeline: Timeline;
  readonly faults: FaultPlan;
  readonly place: FieldPlace;
  readonly poller: Poller;
  readonly target: Target;
  readonly registers: Registers;
  readonly asksForTime: boolean;
  readonly #antennaMilliamps: number;
  /** Flags of SetParameters. */
  parameters = 0;
  retries: Retries = { atr: 0xff, psl: 0x01, passiveActivation: 0xff };
  /** RF timeout codes of RFConfiguration 02: for ATR_RES, and for InCommunicateThru. */
  timeouts: { atr: number; retry: number } = { atr: 0x0b, retry: 0x0a };
  /** Cards as a reader: Tg is the place plus one. */
  readonly cards: (ListedCard | null)[] = [null, null];
  lastError = 0;
  gpio = { p3: 0x3f, p7: 0x07 };
  samConfigured = false;
  /** What SetSerialBaudRate asked for; in force when the host has acknowledged the response. */
  nextBaudRate: number | null = null;
  /** PowerDown: sources of wake-up, in force when the response has left. */
  powerDown: number | null = null;

  constructor(parts: {
    readonly timeline: Timeline;
    readonly faults: FaultPlan;
    readonly place: FieldPlace;
    readonly poller: Poller;
    readonly target: Target;
    readonly registers: Registers;
    readonly options: ChipOptions;
  }) {
    this.timeline = parts.timeline;
    this.faults = parts.faults;
    this.place = parts.place;
    this.poller = parts.poller;
    this.target = parts.target;
    this.registers = parts.registers;
    this.asksForTime = parts.options.asksForTime ?? true;
    this.#antennaMilliamps = parts.options.antennaMilliamps ?? 65;
    this.reset();
  }

  /** Power was gone. */
  reset(): void {
    this.registers.reset();
    this.parameters = PARAMETER.autoAtrRes | PARAMETER.autoRats | PARAMETER.picc;
    this.retries = { atr: 0xff, psl: 0x01, passiveActivation: 0xff };
    this.timeouts = { atr: 0x0b, retry: 0x0a };
    this.cards.fill(null);
    this.lastError = 0;
    this.gpio = { p3: 0x3f, p7: 0x07 };
    this.samConfigured = false;
    this.nextBaudRate = null;
    this.powerDown = null;
    this.target.end();
    this.poller.fieldOff();
  }

  get antennaMilliamps(): number {
    return this.faults.holds('weak-antenna')?.value ?? this.#antennaMilliamps;
  }

  has(parameter: number): boolean {
    return (this.parameters & parameter) !== 0;
  }

  /** Keeps it for GetGeneralStatus. */
  failed(status: number): Uint8Array {
    this.lastError = status;
    return Uint8Array.of(status);
  }
}

/** One command of the chip: its parameters in, the response's data out; null for a syntax error. */
export interface ChipCommand {
  readonly name: string;
  run(chip: ChipState, parameters: Uint8Array): Work<Uint8Array | null>;
}

/** A command that waits for nothing. */
export function immediate(
  name: string,
  answer: (chip: ChipState, parameters: Uint8Array) => Uint8Array | null,
): ChipCommand {
  return {
    name,
    // biome-ignore lint/correctness/useYield: see above
    *run(chip, parameters) {
      return answer(chip, parameters);
    },
  };
}

export type CommandTable = Readonly<Record<number, ChipCommand>>;

export const NO_DATA: Uint8Array = new Uint8Array(0);

/** The chip becomes a reader: it is no card any more, and its field is on. */
export function* takeField(chip: ChipState): Work<void> {
  chip.target.end();
  yield* chip.poller.fieldOn();
}

/** Codes of RFConfiguration 02: none, or 100 µs · 2^(n-1). */
export function timeoutNs(code: number): number {
  return code === 0 ? 3_600_000_000_000 : 100_000 * 2 ** (Math.min(code, 0x10) - 1);
}
