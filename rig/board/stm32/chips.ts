import { UF2_FAMILY } from '../firmware/uf2.ts';

/** A run of pages of one size. */
export interface PageRun {
  readonly count: number;
  /** Bytes. */
  readonly size: number;
}

export interface MemoryRange {
  readonly address: number;
  /** Bytes. */
  readonly size: number;
}

/** What a chip's bootloader says of itself where it is asked to read: the unique number, and the size of the flash. */
export interface IdentityBlock {
  /** Read from here, 256 bytes: some chips refuse addresses in between. */
  readonly address: number;
  /** Offset of 12 bytes. */
  readonly uid: number;
  /** Offset of two bytes, least significant first: KiB. */
  readonly flashSize: number;
}

/** A line of STM32 chips that share a product identifier. */
export interface Chip {
  /** As Get ID answers. */
  readonly id: number;
  readonly name: string;
  readonly flash: {
    readonly address: number;
    /** Pages of the largest chip of the line in the order of their numbers; ST calls the large ones sectors. */
    readonly pages: readonly PageRun[];
    /** Whether the second half begins at the same address however small the chip is: then only the first half is used. */
    readonly banksApart: boolean;
    /** Bytes that the flash takes at once; a part of them is filled with FF. */
    readonly writeGranule: number;
  };
  readonly ram: readonly MemoryRange[];
  readonly identity: IdentityBlock;
  /**
   * Where the option bytes tell which sectors are protected from writing: a word of two bytes, a bit for each sector,
   * 0 for protected. Null where the bootloader cannot read them: then an erase that had no effect tells.
   */
  readonly writeProtection: number | null;
  /** Of UF2 files for it; null: it has none of its own. */
  readonly uf2Family: number | null;
  /** What is known of its bootloader and matters here. */
  readonly notes: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** Start of the flash of every STM32 that is known. */
export const STM32_FLASH = 0x08000000;

const SECTORS_F4: readonly PageRun[] = [
  { count: 4, size: 16 * KIB },
  { count: 1, size: 64 * KIB },
  { count: 7, size: 128 * KIB },
];
const IDENTITY_F4: IdentityBlock = { address: 0x1fff7a00, uid: 0x10, flashSize: 0x22 };
const OPTION_BYTES_F4 = 0x1fffc008;
const IDENTITY_H7: IdentityBlock = { address: 0x1ff1e800, uid: 0x00, flashSize: 0x80 };
const IDENTITY_U5: IdentityBlock = { address: 0x0bfa0700, uid: 0x00, flashSize: 0xa0 };
const RUN_ON = 'extended erase; sector numbers run on in the second bank';

/**
 * Chips that can be flashed. Sizes and addresses are those of the reference manuals RM0090, RM0433, RM0455, RM0456 and
 * of AN2606 as other flashers carry them; none was tried on silicon.
 */
export const CHIPS: readonly Chip[] = [
  {
    id: 0x413,
    name: 'STM32F40x/41x',
    flash: { address: STM32_FLASH, pages: SECTORS_F4, banksApart: false, writeGranule: 4 },
    ram: [
      { address: 0x20000000, size: 128 * KIB },
      { address: 0x10000000, size: 64 * KIB },
    ],
    identity: IDENTITY_F4,
    writeProtection: OPTION_BYTES_F4,
    uf2Family: UF2_FAMILY.STM32F4,
    notes: 'extended erase',
  },
  {
    id: 0x450,
    name: 'STM32H74x/75x',
    flash: { address: STM32_FLASH, pages: [{ count: 16, size: 128 * KIB }], banksApart: true, writeGranule: 32 },
    ram: [
      { address: 0x20000000, size: 128 * KIB },
      { address: 0x24000000, size: 512 * KIB },
      { address: 0x30000000, size: 288 * KIB },
    ],
    identity: IDENTITY_H7,
    writeProtection: null,
    uf2Family: UF2_FAMILY.STM32H7,
    notes: `${RUN_ON}; version 9.1 is known to erase the second bank wrongly`,
  },
  {
    id: 0x480,
    name: 'STM32H7A3/7B3',
    flash: { address: STM32_FLASH, pages: [{ count: 256, size: 8 * KIB }], banksApart: true, writeGranule: 16 },
    ram: [
      { address: 0x20000000, size: 128 * KIB },
      { address: 0x24000000, size: MIB },
      { address: 0x30000000, size: 128 * KIB },
    ],
    identity: { address: 0x08fff800, uid: 0x00, flashSize: 0x0c },
    writeProtection: null,
    uf2Family: UF2_FAMILY.STM32H7,
    notes: RUN_ON,
  },
  {
    id: 0x482,
    name: 'STM32U575/585',
    flash: { address: STM32_FLASH, pages: [{ count: 256, size: 8 * KIB }], banksApart: false, writeGranule: 16 },
    ram: [
      { address: 0x20000000, size: 768 * KIB },
      { address: 0x28000000, size: 16 * KIB },
    ],
    identity: IDENTITY_U5,
    writeProtection: null,
    uf2Family: null,
    notes: RUN_ON,
  },
  {
    id: 0x481,
    name: 'STM32U59x/5Ax',
    flash: { address: STM32_FLASH, pages: [{ count: 512, size: 8 * KIB }], banksApart: false, writeGranule: 16 },
    ram: [
      { address: 0x20000000, size: 2496 * KIB },
      { address: 0x28000000, size: 16 * KIB },
    ],
    identity: IDENTITY_U5,
    writeProtection: null,
    uf2Family: null,
    notes: RUN_ON,
  },
];

/** `0x413` */
export function chipIdInWords(id: number): string {
  return `0x${id.toString(16).toUpperCase().padStart(3, '0')}`;
}

export function chipOf(id: number): Chip | null {
  return CHIPS.find((chip) => chip.id === id) ?? null;
}

/** Bytes of the largest chip of a line. */
export function largestFlash({ flash }: Chip): number {
  return flash.pages.reduce((sum, { count, size }) => sum + count * size, 0);
}

/**
 * Bytes from the start of the flash on that are there without a gap.
 * @param said what the chip says, in bytes; null: nothing, then the whole line counts
 */
export function usableFlash(chip: Chip, said: number | null): number {
  const largest = largestFlash(chip);
  if (said === null || said >= largest) return largest;
  return chip.flash.banksApart ? said / 2 : said;
}

export interface Page extends MemoryRange {
  readonly number: number;
}

/** The pages that lie in the flash of this size. */
export function pagesOf({ flash }: Chip, size: number): readonly Page[] {
  const pages: Page[] = [];
  let address = flash.address;
  for (const run of flash.pages) {
    for (let i = 0; i < run.count && address + run.size <= flash.address + size; i++) {
      pages.push({ number: pages.length, address, size: run.size });
      address += run.size;
    }
  }
  return pages;
}
