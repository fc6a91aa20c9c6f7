import type { FirmwareImage, Segment } from '../../../../rig/board/firmware/firmware-image.ts';
import {
  type BootChoice,
  type BootLines,
  modemBootLines,
  NO_BOOT_LINES,
  parseBootChoice,
} from '../../../../rig/board/stm32/boot-lines.ts';
import { type FlashedChip, type FlashStm32Job, flashStm32 } from '../../../../rig/board/stm32/flash-stm32.ts';
import type { Fault, FaultName } from '../../../../rig/sim/faults/plan.ts';
import { MemoryPorts } from '../../../../rig/sim/serial/memory-port.ts';
import { Stm32Board, type Stm32BoardOptions } from '../../../../rig/sim/stm32/board.ts';
import { SIMULATED_CHIPS } from '../../../../rig/sim/stm32/chips.ts';
import { VirtualTimeline } from '../../../../rig/sim/timeline.ts';
import type { Timers } from '../../../../src/hal/pn532/transport.ts';
import type { Framing, SerialLine } from '../../../../src/hal/serial-line.ts';

export const FLASH = 0x08000000;

export function timersOf(clock: VirtualTimeline): Timers {
  return { after: (ms, action) => clock.after(Math.round(ms * 1e6), action) };
}

export function simulatedBoard(
  clock: VirtualTimeline,
  name: string,
  id: number,
  more: Partial<Stm32BoardOptions> = {},
): Stm32Board {
  const chip = SIMULATED_CHIPS.find((each) => each.id === id)!;
  const uid = Uint8Array.from({ length: 12 }, (_, i) => (i === 0 ? name.length : name.charCodeAt(i % name.length)));
  return new Stm32Board(name, clock, { chip, uid, evenParity: true, ...more });
}

/** A fault that strikes on the occasions from `from` to `to`. */
export function fault(name: FaultName, from: number = 1, to: number = from, value: number = 0): Fault {
  return { name, value, from, to };
}

/** Bytes that are not the same anywhere near, with a vector table for these chips in front. */
export function program(length: number, seed: number = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  // Stack at 0x20002000, start at 0x08000101.
  bytes.set([0x00, 0x20, 0x00, 0x20, 0x01, 0x01, 0x00, 0x08]);
  return bytes;
}

export function imageOf(bytes: Uint8Array, more: readonly Segment[] = []): FirmwareImage {
  return { source: 'program.bin', format: 'BIN', segments: [{ address: FLASH, bytes }, ...more], families: [] };
}

export type FlashMore = Partial<FlashStm32Job> & {
  readonly framing?: Framing;
  readonly baudRate?: number;
  /** As `--boot-lines` takes them. */
  readonly bootLines?: string;
};

export interface Bench {
  readonly clock: VirtualTimeline;
  readonly board: Stm32Board;
  readonly said: string[];
  flash(image: FirmwareImage, more?: FlashMore): Promise<FlashedChip>;
}

/** A board in virtual time, and its flasher. */
export function bench(id: number, more: Partial<Stm32BoardOptions> = {}): Bench {
  const clock = new VirtualTimeline();
  const board = simulatedBoard(clock, 'sim', id, more);
  const ports = new MemoryPorts([board]);
  const said: string[] = [];
  return {
    clock,
    board,
    said,
    async flash(image, { framing = '8E1', baudRate = 115_200, bootLines, ...rest } = {}) {
      const line = await ports.open('sim', baudRate, framing);
      try {
        return await flashStm32({
          line,
          boot: bootLines === undefined ? NO_BOOT_LINES : bootOf(line, bootLines, clock),
          timers: timersOf(clock),
          image,
          chip: null,
          unprotect: false,
          resume: false,
          start: false,
          signal: new AbortController().signal,
          say: (text) => void said.push(text),
          ...rest,
        });
      } finally {
        await line.close();
      }
    },
  };
}

function bootOf(line: SerialLine, text: string, clock: VirtualTimeline): BootLines {
  return modemBootLines(line, parseBootChoice(text) as Extract<BootChoice, { how: 'lines' }>, timersOf(clock));
}
