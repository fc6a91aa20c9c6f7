import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { CannotRun } from '../../console/failure.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';

const address = z.string().regex(/^[0-9A-Fa-f]{8}$/, 'an address is 8 hexadecimal digits');
const count = z
  .string()
  .regex(/^\d{1,10}$/, 'a whole number')
  .transform(Number);
const number = address.transform((digits) => Number.parseInt(digits, 16));
const region = z.strictObject({ origin: number, size: count });
const pin = z.string().regex(/^(P[A-K]|GP)\d{1,2}$/, 'a pin is PA0 to PK15, or GP0 to GP47');

const BOARD = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,32}$/),
  description: z.string().min(1),
  port: z.array(z.string().regex(/^[a-z0-9-]+\.c$/)).min(1),
  cpu: z.array(z.string().regex(/^-m[a-z0-9=.+-]+$/)).min(1),
  clockHz: count,
  flash: region,
  ram: region,
  heap: region.optional(),
  stack: count,
  uarts: z
    .array(
      z.strictObject({
        address,
        interrupt: count,
        clockHz: count.optional(),
        pins: z.array(pin).default([]),
        function: count.optional(),
      }),
    )
    .length(2, 'a board has two UARTs: to the host, and to the PN532'),
  peripherals: z.strictObject({ gpio: address, watchdog: address, random: address }).optional(),
  psramSelect: pin.optional(),
  nvm: z.strictObject({ origin: number, page: count, pages: count, granule: count, endurance: count }),
  chip: z
    .union([
      z.strictObject({ stm32: z.string().regex(/^[0-9a-f]{3}$/, 'a chip is 3 hexadecimal digits') }),
      z.strictObject({ uf2: z.string().min(1) }),
    ])
    .optional(),
  uf2Family: number.optional(),
  qemu: z.string().optional(),
});

export interface Region {
  readonly origin: number;
  readonly size: number;
}

/** One of the two UARTs: the first to the host, the second to the PN532. */
export interface BoardUart {
  readonly address: string;
  /** Number of its interrupt in the NVIC. */
  readonly interrupt: number;
  /** What its rates are made of; absent: the port knows. */
  readonly clockHz?: number | undefined;
  /** Transmitter and receiver: `PD8`, or `GP0`. */
  readonly pins: readonly string[];
  /** The pins' alternate function. */
  readonly function?: number | undefined;
}

/** A board as `firmware/boards/NAME.yaml` has it. Sizes in bytes, addresses in 8 hexadecimal digits. */
export interface BoardDescription {
  readonly name: string;
  readonly description: string;
  /** Files of firmware/port that know its peripherals. */
  readonly port: readonly string[];
  /** Of the compiler. */
  readonly cpu: readonly string[];
  readonly clockHz: number;
  /** Where the program may lie. */
  readonly flash: Region;
  readonly ram: Region;
  /** Memory outside of the chip that holds the heap; absent: the rest of `ram` does. */
  readonly heap?: Region | undefined;
  readonly stack: number;
  readonly uarts: readonly BoardUart[];
  readonly peripherals?: { readonly gpio: string; readonly watchdog: string; readonly random: string } | undefined;
  /** Pin that selects the PSRAM. */
  readonly psramSelect?: string | undefined;
  /** Pages of flash for the card's memory; `endurance`: erasures that a page survives. */
  readonly nvm: {
    readonly origin: number;
    readonly page: number;
    readonly pages: number;
    readonly granule: number;
    readonly endurance: number;
  };
  /** As its bootloader names it: an STM32's identifier, or the board of a UF2 drive. */
  readonly chip?: { readonly stm32: string } | { readonly uf2: string } | undefined;
  /** Of UF2 files for it; absent: its bootloader takes none. */
  readonly uf2Family?: number | undefined;
  /** Machine of qemu. */
  readonly qemu?: string | undefined;
}

/** Folder `firmware` of a checkout: an installed package has none. @throws {CannotRun} */
export function firmwareFolder(): string {
  const folder = join(PACKAGE_ROOT, 'firmware');
  try {
    readdirSync(join(folder, 'port'));
  } catch {
    throw new CannotRun('firmware is built from a checkout of vitap; this installed package has no folder firmware/');
  }
  return folder;
}

export function boardNames(): string[] {
  return readdirSync(join(firmwareFolder(), 'boards'))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/** @throws {CannotRun} no such board, or its description is wrong */
export function readBoard(name: string): BoardDescription {
  const names = boardNames();
  if (!names.includes(name)) throw new CannotRun(`there is no board ${name}; there is ${names.join(', ')}`);
  const file = join(firmwareFolder(), 'boards', `${name}.yaml`);
  const checked = BOARD.safeParse(parse(readFileSync(file, 'utf8'), { schema: 'failsafe' }));
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new CannotRun(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return checked.data;
}
