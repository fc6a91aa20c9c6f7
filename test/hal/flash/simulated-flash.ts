import { HalError } from '../../../src/hal/errors.ts';
import type { FlashDevice } from '../../../src/hal/flash/flash-device.ts';
import { PowerLoss } from '../../../src/hal/nvm/power-loss.ts';

export interface SimulatedFlashOptions {
  readonly pageSize: number;
  readonly pages: number;
  readonly writeGranule: number;
  /** The step that is cut short: each granule programmed and each page erased is one, counted from 0. */
  readonly losesPowerAt?: number;
  /** How a granule looks that was cut short: as before, half programmed, or whole; an erase likewise. */
  readonly cut?: 'nothing' | 'half' | 'all';
}

/**
 * NOR flash that keeps flash's rules, with an error code: a granule is programmed once after an erase, also when its
 * programming was cut short and left it looking erased. Programmed twice, it is spoilt.
 */
export class SimulatedFlash implements FlashDevice {
  readonly pageSize: number;
  readonly pages: number;
  readonly writeGranule: number;
  readonly bytes: Uint8Array;
  readonly erases: number[];
  /** Pages that refuse: to be erased, or to be programmed from this byte on. */
  readonly badErase: Set<number> = new Set();
  readonly badFrom: Map<number, number> = new Map();
  /** Granules that were programmed twice. */
  spoilt = 0;
  steps = 0;
  readonly #touched: Uint8Array;
  readonly #options: SimulatedFlashOptions;
  #powered = true;

  constructor(options: SimulatedFlashOptions, before?: SimulatedFlash) {
    this.#options = options;
    this.pageSize = options.pageSize;
    this.pages = options.pages;
    this.writeGranule = options.writeGranule;
    const size = options.pageSize * options.pages;
    // Out of the factory, or out of an earlier life: nothing is known of it.
    this.bytes = before === undefined ? new Uint8Array(size).fill(0x5a) : Uint8Array.from(before.bytes);
    this.#touched = before === undefined ? new Uint8Array(size).fill(1) : Uint8Array.from(before.#touched);
    this.erases = before === undefined ? new Array<number>(options.pages).fill(0) : [...before.erases];
    for (const page of before?.badErase ?? []) this.badErase.add(page);
    for (const [page, from] of before?.badFrom ?? []) this.badFrom.set(page, from);
  }

  /** The same flash, powered again. */
  poweredAgain(losesPowerAt?: number): SimulatedFlash {
    const { losesPowerAt: _, ...rest } = this.#options;
    return new SimulatedFlash(losesPowerAt === undefined ? rest : { ...rest, losesPowerAt }, this);
  }

  read(address: number, target: Uint8Array, targetOffset: number, length: number): void {
    this.#checkPower();
    for (let i = 0; i < length; i++) target[targetOffset + i] = this.bytes[address + i] as number;
  }

  program(address: number, source: Uint8Array): void {
    this.#checkPower();
    const { writeGranule: granule, pageSize } = this;
    if (address % granule !== 0 || source.length % granule !== 0) throw new Error('not whole granules');
    const page = Math.floor(address / pageSize);
    if (address + source.length > (page + 1) * pageSize) throw new Error('over the end of the page');
    for (let at = 0; at < source.length; at += granule) {
      const part = this.#step();
      if ((this.badFrom.get(page) ?? pageSize) <= (address % pageSize) + at) {
        throw new HalError('storage', `page ${page} does not program`);
      }
      this.#programGranule(address + at, source.subarray(at, at + granule), part);
      if (part !== null) this.#fail();
    }
  }

  erase(page: number): void {
    this.#checkPower();
    const part = this.#step();
    if (this.badErase.has(page)) throw new HalError('storage', `page ${page} does not erase`);
    const start = page * this.pageSize;
    const length = part === 'nothing' ? 0 : part === 'half' ? this.pageSize / 2 : this.pageSize;
    this.bytes.fill(0xff, start, start + length);
    // An erase that was cut short leaves nothing that can be relied on.
    this.#touched.fill(part === null ? 0 : 1, start, start + this.pageSize);
    this.erases[page]!++;
    if (part !== null) this.#fail();
  }

  #programGranule(address: number, source: Uint8Array, part: 'nothing' | 'half' | 'all' | null): void {
    const twice = this.#touched.subarray(address, address + source.length).some((each) => each !== 0);
    this.#touched.fill(1, address, address + source.length);
    if (twice) {
      this.spoilt++;
      this.bytes.fill(0x00, address, address + source.length);
      return;
    }
    const length = part === 'nothing' ? 0 : part === 'half' ? source.length / 2 : source.length;
    this.bytes.set(source.subarray(0, length), address);
  }

  /** @returns how much of this step is done; null: all of it, and power stays */
  #step(): 'nothing' | 'half' | 'all' | null {
    return this.steps++ === this.#options.losesPowerAt ? (this.#options.cut ?? 'half') : null;
  }

  #fail(): never {
    this.#powered = false;
    throw new PowerLoss(this.steps);
  }

  #checkPower(): void {
    if (!this.#powered) throw new PowerLoss(this.steps);
  }
}
