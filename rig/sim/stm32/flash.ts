import type { SimulatedChip } from './chips.ts';

export const FLASH_START = 0x08000000;

/** The flash of a simulated chip: erased by page, and programmed from 1 to 0 only. */
export class SimulatedFlash {
  readonly bytes: Uint8Array;
  /** Pages that are not erased and not written, without a word. */
  readonly writeProtected: Set<number> = new Set();
  readonly #chip: SimulatedChip;
  readonly #starts: readonly number[];

  constructor(chip: SimulatedChip) {
    this.#chip = chip;
    let at = 0;
    this.#starts = chip.pages.map((size) => {
      at += size;
      return at - size;
    });
    this.bytes = new Uint8Array(at).fill(0xff);
  }

  get pages(): number {
    return this.#chip.pages.length;
  }

  holds(address: number, length: number): boolean {
    return address >= FLASH_START && address + length <= FLASH_START + this.bytes.length;
  }

  /** @param part how much of it is done when power fails: 0 to 1 */
  erase(page: number, part = 1): void {
    if (this.writeProtected.has(page)) return;
    const start = this.#starts[page]!;
    this.bytes.fill(0xff, start, start + Math.floor(this.#chip.pages[page]! * part));
  }

  /** @param part how much of it is done when power fails: 0 to 1 */
  program(address: number, data: Uint8Array, part = 1): void {
    const { word, hasErrorCode } = this.#chip;
    const start = address - FLASH_START;
    const words = Math.floor((data.length / word) * part);
    for (let i = 0; i < words * word; i++) {
      const at = start + i;
      if (this.writeProtected.has(this.#pageOf(at))) continue;
      const first = at - (at % word);
      const used = i % word === 0 && hasErrorCode && this.bytes.subarray(first, first + word).some((b) => b !== 0xff);
      // A word with an error code takes a second value badly: both are lost.
      if (used) this.bytes.fill(0x00, first, first + word);
      this.bytes[at]! &= data[i]!;
    }
  }

  #pageOf(offset: number): number {
    let page = 0;
    while (page + 1 < this.#starts.length && this.#starts[page + 1]! <= offset) page++;
    return page;
  }
}
