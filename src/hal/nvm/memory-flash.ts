import type { Flash } from '../flash.ts';
import { PowerLoss } from './power-loss.ts';

export interface MemoryFlashOptions {
  readonly pageSize: number;
  readonly pages: number;
  readonly granule: number;
  /** Pages that can no longer be erased or written. */
  readonly bad?: readonly number[];
  /** Erasures after which a page is bad; never by default. */
  readonly endurance?: number;
}

/**
 * Flash in memory that keeps the rules of flash: a granule that is not erased cannot be written. Its power can be made
 * to fail at any step: each granule and each erasure is one.
 */
export class MemoryFlash implements Flash {
  readonly pageSize: number;
  readonly pages: number;
  readonly granule: number;
  readonly bytes: Uint8Array;
  /** How often each page was erased. */
  readonly erasures: Uint32Array;
  /** Granules written and pages erased so far. */
  steps = 0;
  /** The step in the middle of which the power fails. */
  losesPowerAt: number = Number.POSITIVE_INFINITY;
  readonly #bad: Set<number>;
  readonly #endurance: number;

  constructor({ pageSize, pages, granule, bad = [], endurance }: MemoryFlashOptions) {
    if (pageSize % granule !== 0) throw new RangeError(`a page of ${pageSize} bytes has no granules of ${granule}`);
    this.pageSize = pageSize;
    this.pages = pages;
    this.granule = granule;
    this.bytes = new Uint8Array(pageSize * pages).fill(0xff);
    this.erasures = new Uint32Array(pages);
    this.#bad = new Set(bad);
    this.#endurance = endurance ?? Number.POSITIVE_INFINITY;
  }

  /** @throws {PowerLoss} half of the page is erased */
  erase(page: number): boolean {
    if (this.#bad.has(page)) return false;
    const start = page * this.pageSize;
    this.#step(() => this.bytes.fill(0xff, start, start + this.pageSize / 2));
    this.bytes.fill(0xff, start, start + this.pageSize);
    this.erasures[page] = (this.erasures[page] as number) + 1;
    if ((this.erasures[page] as number) < this.#endurance) return true;
    this.#bad.add(page);
    return false;
  }

  /** @throws {PowerLoss} half of the bits of a granule are written; {RangeError} a driver's fault */
  write(address: number, source: Uint8Array, length: number): boolean {
    if (address % this.granule !== 0 || length % this.granule !== 0 || address + length > this.bytes.length) {
      throw new RangeError(`flash is written in granules of ${this.granule} bytes, not ${length} at ${address}`);
    }
    for (let at = 0; at < length; at += this.granule) {
      const target = address + at;
      if (this.#bad.has(Math.floor(target / this.pageSize))) return false;
      for (let i = 0; i < this.granule; i++) if (this.bytes[target + i] !== 0xff) return false;
      this.#step(() => {
        for (let i = 0; i < this.granule; i++) this.bytes[target + i] = (source[at + i] as number) | (0x5a << (i & 1));
      });
      for (let i = 0; i < this.granule; i++) this.bytes[target + i] = source[at + i] as number;
    }
    return true;
  }

  #step(half: () => void): void {
    if (this.steps === this.losesPowerAt) {
      half();
      throw new PowerLoss(this.steps);
    }
    this.steps++;
  }
}
