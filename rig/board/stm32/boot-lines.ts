import { HalError } from '../../../src/hal/errors.ts';
import { pause, type Timers } from '../../../src/hal/pn532/transport.ts';
import type { ModemLines, SerialLine } from '../../../src/hal/serial-line.ts';
import { UsageError } from '../../console/failure.ts';

/** How BOOT0 and RESET of a board are driven. */
export type BootChoice =
  /** The board is in its bootloader by itself. */
  | { readonly how: 'none' }
  /** A person does it. */
  | { readonly how: 'operator' }
  | {
      readonly how: 'lines';
      readonly boot0: BootSignal;
      readonly reset: BootSignal;
      /** Port whose lines they are; null: the board's own. */
      readonly port: string | null;
    };

export interface BootSignal {
  readonly line: keyof ModemLines;
  /** Whether asserting the line is what sets BOOT0 high, or holds the chip in reset; else releasing it is. */
  readonly asserted: boolean;
}

/** Brings a board into its bootloader and out of it. */
export interface BootLines {
  enter(): Promise<void>;
  /** @returns whether the board was started */
  leave(): Promise<boolean>;
}

/** Milliseconds: a reset button's capacitor, and the time until the bootloader listens. */
const HOLD_MS = 50;

/** `none`, `operator`, or `boot0=rts,reset=dtr` with `!` before a line that works the other way and `@PORT` behind. */
export function parseBootChoice(text: string): BootChoice {
  if (text === 'none' || text === 'operator') return { how: text };
  const match = /^boot0=(!?)(rts|dtr),reset=(!?)(rts|dtr)(?:@(.+))?$/.exec(text);
  if (match === null || match[2] === match[4]) {
    throw new UsageError(
      `“${text}” does not say how the board comes into its bootloader: none, operator, or as boot0=rts,reset=dtr`,
    );
  }
  const signal = (not: string | undefined, line: string | undefined): BootSignal => ({
    line: line as keyof ModemLines,
    asserted: not === '',
  });
  return { how: 'lines', boot0: signal(match[1], match[2]), reset: signal(match[3], match[4]), port: match[5] ?? null };
}

/** @param line the port whose lines they are */
export function modemBootLines(
  line: SerialLine,
  { boot0, reset }: Extract<BootChoice, { how: 'lines' }>,
  timers: Timers,
): BootLines {
  const set = async (boot: boolean, held: boolean): Promise<void> => {
    if (line.setModemLines === undefined) {
      throw new HalError('unsupported', `the serial port ${line.path} has no DTR and RTS that can be set`);
    }
    const lines = { dtr: false, rts: false };
    lines[boot0.line] = boot === boot0.asserted;
    lines[reset.line] = held === reset.asserted;
    await line.setModemLines(lines);
  };
  const restart = async (boot: boolean): Promise<void> => {
    await set(boot, true);
    await pause(timers, HOLD_MS);
    await set(boot, false);
    await pause(timers, HOLD_MS);
  };
  return {
    enter: () => restart(true),
    leave: async () => {
      await restart(false);
      return true;
    },
  };
}

/** @param ask says it and waits until it is done */
export function operatorBootLines(ask: (words: string) => Promise<void>): BootLines {
  return {
    enter: () => ask('Set BOOT0 high and reset the board'),
    leave: async () => {
      await ask('Set BOOT0 low and reset the board');
      return true;
    },
  };
}

export const NO_BOOT_LINES: BootLines = { enter: async () => {}, leave: async () => false };
