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
const region = z.strictObject({ origin: address.transform((digits) => Number.parseInt(digits, 16)), size: count });

const BOARD = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,32}$/),
  description: z.string().min(1),
  port: z.string().regex(/^[a-z0-9-]+\.c$/),
  cpu: z.array(z.string().regex(/^-m[a-z0-9=.+-]+$/)).min(1),
  clockHz: count,
  flash: region,
  ram: region,
  stack: count,
  uarts: z.tuple([address, address]),
  nvm: z.strictObject({
    origin: address.transform((digits) => Number.parseInt(digits, 16)),
    page: count,
    pages: count,
    granule: count,
    endurance: count,
  }),
  qemu: z.string().optional(),
});

export interface Region {
  readonly origin: number;
  readonly size: number;
}

/** A board as `firmware/boards/NAME.yaml` has it. Sizes in bytes, addresses in 8 hexadecimal digits. */
export interface BoardDescription {
  readonly name: string;
  readonly description: string;
  /** File of firmware/port that knows its peripherals. */
  readonly port: string;
  /** Of the compiler. */
  readonly cpu: readonly string[];
  readonly clockHz: number;
  readonly flash: Region;
  readonly ram: Region;
  readonly stack: number;
  readonly uarts: readonly [string, string];
  /** Pages of flash for the card's memory; `endurance`: erasures that a page survives. */
  readonly nvm: {
    readonly origin: number;
    readonly page: number;
    readonly pages: number;
    readonly granule: number;
    readonly endurance: number;
  };
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
