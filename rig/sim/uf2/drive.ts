import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fault, FaultPlan } from '../faults/plan.ts';

/** Numbers of the UF2 specification, written apart from the flasher's. */
const MAGIC_1 = 0x0a324655;
const MAGIC_2 = 0x9e5d5157;
const MAGIC_3 = 0x0ab16f30;
const BLOCK = 512;
const FLASH = 0x10000000;
const FLASH_BYTES = 2 * 1024 * 1024;
const SECTOR = 4096;
const PAYLOAD = 256;

/** Boards whose drive is simulated. */
export const UF2_DRIVES = {
  RP2040: { info: ['UF2 Bootloader v3.0', 'Model: Raspberry Pi RP2', 'Board-ID: RPI-RP2'], families: [0xe48bff56] },
  RP2350: {
    info: ['UF2 Bootloader v1.0', 'Model: Raspberry Pi RP2350', 'Board-ID: RP2350'],
    families: [0xe48bff57, 0xe48bff59],
  },
} as const;
export type Uf2DriveKind = keyof typeof UF2_DRIVES;

export type Uf2DriveEvent =
  | { readonly type: 'plugged' | 'unplugged' | 'started' }
  | { readonly type: 'written'; readonly blocks: number }
  | { readonly type: 'fault'; readonly fault: Fault; readonly occasion: number };

/** Milliseconds between two looks at the folder: a folder is no drive whose writes could be seen. */
const LOOK_MS = 10;

/** A board in its UF2 bootloader as a folder: what is copied into it goes to flash, block by block, and when all is there the board leaves. */
export class SimulatedUf2Drive {
  readonly folder: string;
  readonly flash: Uint8Array = new Uint8Array(FLASH_BYTES).fill(0xff);
  onEvent: ((event: Uf2DriveEvent) => void) | null = null;
  readonly #kind: Uf2DriveKind;
  readonly #faults: FaultPlan;
  #timer: NodeJS.Timeout | null = null;
  /** Blocks of the program that comes in; null before the first. */
  #seen: Set<number> | null = null;
  #erased = new Set<number>();
  /** Bytes of each file that have been looked at. */
  readonly #read = new Map<string, number>();

  /** @param folder is made, and removed when the board leaves */
  constructor(folder: string, kind: Uf2DriveKind, faults: readonly Fault[] = []) {
    this.folder = folder;
    this.#kind = kind;
    this.#faults = new FaultPlan(faults);
    this.#faults.onStrike = (fault, occasion) => this.onEvent?.({ type: 'fault', fault, occasion });
  }

  plug(): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'INFO_UF2.TXT'), UF2_DRIVES[this.#kind].info.map((line) => `${line}\r\n`).join(''));
    writeFileSync(join(this.folder, 'INDEX.HTM'), '<html></html>\n');
    this.#seen = null;
    this.#erased = new Set();
    this.#read.clear();
    this.onEvent?.({ type: 'plugged' });
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  unplug(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    rmSync(this.folder, { recursive: true, force: true });
    this.onEvent?.({ type: 'unplugged' });
  }

  /** Takes what was copied into the folder since the last look. It looks by itself all the time. */
  look(): void {
    for (const name of existsSync(this.folder) ? readdirSync(this.folder) : []) {
      const path = join(this.folder, name);
      const before = this.#read.get(name) ?? 0;
      const size = Math.floor(statSync(path).size / BLOCK) * BLOCK;
      if (size <= before) continue;
      const bytes = readFileSync(path).subarray(before, size);
      this.#read.set(name, size);
      for (let at = 0; at < bytes.length; at += BLOCK) {
        if (this.#faults.strikes('unplug', BLOCK) !== null) {
          this.unplug();
          return;
        }
        if (this.#take(bytes.subarray(at, at + BLOCK))) return;
      }
    }
  }

  /** @returns whether the board has left */
  #take(block: Uint8Array): boolean {
    const view = new DataView(block.buffer, block.byteOffset, BLOCK);
    if (view.getUint32(0, true) !== MAGIC_1 || view.getUint32(4, true) !== MAGIC_2) return false;
    if (view.getUint32(508, true) !== MAGIC_3 || (view.getUint32(8, true) & 0x2001) !== 0x2000) return false;
    const families: readonly number[] = UF2_DRIVES[this.#kind].families;
    const [address, size] = [view.getUint32(12, true), view.getUint32(16, true)];
    const [number, total] = [view.getUint32(20, true), view.getUint32(24, true)];
    const at = address - FLASH;
    // What is not for it is passed over without a word, as the ROM does.
    if (!families.includes(view.getUint32(28, true)) || size !== PAYLOAD || at % PAYLOAD !== 0) return false;
    if (at < 0 || at + size > FLASH_BYTES || number >= total) return false;
    const sector = at - (at % SECTOR);
    if (!this.#erased.has(sector)) this.flash.fill(0xff, sector, sector + SECTOR);
    this.#erased.add(sector);
    for (let i = 0; i < size; i++) this.flash[at + i]! &= block[32 + i]!;
    this.#seen ??= new Set();
    this.#seen.add(number);
    if (this.#seen.size < total) return false;
    this.onEvent?.({ type: 'written', blocks: total });
    if (this.#faults.strikes('stuck') !== null) return false;
    this.unplug();
    this.onEvent?.({ type: 'started' });
    return true;
  }
}
