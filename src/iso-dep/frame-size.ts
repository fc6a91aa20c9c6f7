/**
 * Frame sizes by their code (FSDI of the reader, FSCI of the card), in bytes with PCB and CRC. Codes 9 to C came with
 * a later edition of ISO/IEC 14443-4; D to F are reserved and taken as the largest known to a reader of this edition.
 */
export const FRAME_SIZES: readonly number[] = [16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096];

export const LARGEST_FRAME = 4096;

/** CRC at the end of every frame. */
export const CRC_LENGTH = 2;

/** @param code FSDI or FSCI, 0 to 15 */
export function frameSize(code: number): number {
  return FRAME_SIZES[code] ?? LARGEST_FRAME;
}

/** The largest code whose frames are not larger than `size` bytes; 0 when none is. */
export function frameSizeCode(size: number): number {
  let code = 0;
  while (code + 1 < FRAME_SIZES.length && (FRAME_SIZES[code + 1] as number) <= size) code++;
  return code;
}
