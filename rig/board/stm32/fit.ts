import { CannotRun } from '../../console/failure.ts';
import { type FirmwareImage, hexAddress, type Segment } from '../firmware/firmware-image.ts';
import { chipMark, findMark, markInWords } from '../firmware/mark.ts';
import { type Chip, chipIdInWords, largestFlash, type MemoryRange } from './chips.ts';

/** Bytes of a vector table that are checked: the first stack pointer, and where the program starts. */
const VECTORS = 8;
/** A program starts in Thumb state: bit 0 of its address. */
const THUMB = 1;

/**
 * Whether firmware is for this chip and goes into its flash. It is judged before anything is erased.
 * @param size bytes of flash that are there
 * @throws {CannotRun} too large, for another place, or for another board: one sentence
 */
export function refuseMisfit(image: FirmwareImage, chip: Chip, size: number): void {
  const { source, segments, families } = image;
  const { flash, name, id, uf2Family } = chip;
  const of = `${name} (${chipIdInWords(id)})`;
  const mark = findMark(segments);
  if (mark !== null && mark.chip !== chipMark({ stm32: id.toString(16) })) {
    throw new CannotRun(`${source} is for another board: ${markInWords(mark)}, and the chip is a ${of}`);
  }
  if (families.length > 0 && (uf2Family === null || families.some((family) => family !== uf2Family))) {
    const theirs = families.map((family) => hexAddress(family)).join(', ');
    throw new CannotRun(`${source} is for another board: its UF2 family is ${theirs}, and the chip is a ${of}`);
  }
  const end = flash.address + size;
  for (const { address, bytes } of segments) {
    const last = address + bytes.length;
    if (address >= flash.address && address < flash.address + largestFlash(chip) && last > end) {
      throw new CannotRun(
        `${source} is too large: it ends at ${hexAddress(last)}, and the flash of this ${of} has ${size / 1024} KiB and ends at ${hexAddress(end)}`,
      );
    }
    if (address < flash.address || last > end) {
      throw new CannotRun(
        `${source} is for another board: it has bytes at ${hexAddress(address)}, and the flash of the ${of} begins at ${hexAddress(flash.address)}`,
      );
    }
  }
  refuseForeignVectors(image, chip, end);
}

/** A program at the start of the flash begins with its vector table; what lies elsewhere is data. */
function refuseForeignVectors({ source, segments }: FirmwareImage, { flash, ram, name }: Chip, end: number): void {
  const first = segments.find(({ address }) => address === flash.address);
  if (first === undefined) return;
  const { stack, start } = vectorsOf(first, source);
  if (!ram.some((range) => isStackTop(stack, range))) {
    throw new CannotRun(
      `${source} is for another board: its stack begins at ${hexAddress(stack)}, where a ${name} has no RAM`,
    );
  }
  if (start % 2 !== THUMB || start < flash.address || start >= end) {
    throw new CannotRun(
      `${source} is for another board: it starts at ${hexAddress(start)}, which is no program in the flash of a ${name}`,
    );
  }
}

function vectorsOf({ bytes }: Segment, source: string): { readonly stack: number; readonly start: number } {
  if (bytes.length < VECTORS) throw new CannotRun(`${source} has ${bytes.length} bytes: too short for a vector table`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, VECTORS);
  return { stack: view.getUint32(0, true), start: view.getUint32(4, true) };
}

/** A stack grows down: it may begin at the very end. */
function isStackTop(address: number, range: MemoryRange): boolean {
  return address % 4 === 0 && address > range.address && address <= range.address + range.size;
}
