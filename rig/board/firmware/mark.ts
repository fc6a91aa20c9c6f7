import type { BoardDescription } from './board-description.ts';
import type { Segment } from './firmware-image.ts';

/**
 * For which board an image is, in the image itself, behind its vector table: 16 bytes of magic, the board's name in 32,
 * its chip in 16 (`stm32:480`, `uf2:RP2350`, empty for an emulator), each filled with zeros.
 */
const MAGIC = 'vitap firmware 1';
const NAME_BYTES = 32;
const CHIP_BYTES = 16;
/** A vector table and the block of a bootloader have come to their end by then. */
const SEARCHED = 4096;

export interface FirmwareMark {
  readonly board: string;
  /** Empty: no chip that can be flashed. */
  readonly chip: string;
}

export function chipMark(chip: BoardDescription['chip']): string {
  if (chip === undefined) return '';
  return 'stm32' in chip ? `stm32:${chip.stm32}` : `uf2:${chip.uf2}`;
}

export function encodeMark({ name, chip }: Pick<BoardDescription, 'name' | 'chip'>): Uint8Array {
  const bytes = new Uint8Array(MAGIC.length + NAME_BYTES + CHIP_BYTES);
  const text = (words: string): Uint8Array => new TextEncoder().encode(words);
  bytes.set(text(MAGIC));
  bytes.set(text(name).subarray(0, NAME_BYTES), MAGIC.length);
  bytes.set(text(chipMark(chip)).subarray(0, CHIP_BYTES), MAGIC.length + NAME_BYTES);
  return bytes;
}

/** Words for it: `it was built for pico-plus-2 (uf2:RP2350)`. */
export function markInWords({ board, chip }: FirmwareMark): string {
  return `it was built for ${board} (${chip === '' ? 'an emulator' : chip})`;
}

/** @returns null for firmware that is none of ours */
export function findMark(segments: readonly Segment[]): FirmwareMark | null {
  for (const { bytes } of segments) {
    const head = Buffer.from(bytes.subarray(0, SEARCHED)).toString('latin1');
    const at = head.indexOf(MAGIC);
    if (at < 0) continue;
    const field = (from: number, length: number): string =>
      head
        .slice(from, from + length)
        .replace(/\0.*$/s, '')
        .replaceAll(/[^ -~]/g, '?');
    const name = at + MAGIC.length;
    return { board: field(name, NAME_BYTES), chip: field(name + NAME_BYTES, CHIP_BYTES) };
  }
  return null;
}
