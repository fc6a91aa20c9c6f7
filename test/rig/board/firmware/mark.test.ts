import { describe, expect, it } from 'vitest';
import type { FirmwareImage } from '../../../../rig/board/firmware/firmware-image.ts';
import { encodeMark, findMark } from '../../../../rig/board/firmware/mark.ts';
import { chipOf } from '../../../../rig/board/stm32/chips.ts';
import { refuseMisfit } from '../../../../rig/board/stm32/fit.ts';

const board = { name: 'pico-plus-2', chip: { uf2: 'RP2350' } };
const padded = (text: string, length: number): number[] => [...Buffer.from(text.padEnd(length, '\0'), 'latin1')];

describe('the mark in an image', () => {
  it('has its fields at their places', () => {
    expect([...encodeMark(board)]).toEqual([
      ...padded('vitap firmware 1', 16),
      ...padded('pico-plus-2', 32),
      ...padded('uf2:RP2350', 16),
    ]);
  });

  it('is found behind a vector table, and nowhere else', () => {
    const image = (at: number): Uint8Array => {
      const bytes = new Uint8Array(8192).fill(0xa5);
      bytes.set(encodeMark(board), at);
      return bytes;
    };
    const found = (bytes: Uint8Array): unknown => findMark([{ address: 0x10000000, bytes }]);
    expect(found(image(0x150))).toEqual({ board: 'pico-plus-2', chip: 'uf2:RP2350' });
    expect(found(image(5000))).toBeNull();
    expect(found(image(0x150).subarray(0, 0x155))).toBeNull();
  });

  it('shows nothing that a terminal would act on', () => {
    const bytes = encodeMark(board);
    bytes.set([0x1b, 0x5b, 0x32, 0x4a], 16);
    expect(findMark([{ address: 0, bytes }])?.board).toBe('?[2J-plus-2');
  });
});

describe('an image for another board', () => {
  const program = (chip: { stm32: string } | undefined): FirmwareImage => {
    const bytes = new Uint8Array(1024);
    // Stack in the SRAM, first instruction in the flash.
    bytes.set([0x00, 0x00, 0x02, 0x20, 0x01, 0x01, 0x00, 0x08]);
    bytes.set(encodeMark({ name: 'a-board', chip }), 0x100);
    return { source: 'card.bin', format: 'BIN', segments: [{ address: 0x08000000, bytes }], families: [] };
  };
  const U575 = chipOf(0x482)!;
  const flashed = (image: FirmwareImage) => () => refuseMisfit(image, U575, 2 * 1024 * 1024);

  it('is refused by its mark, though it would fit', () => {
    expect(flashed(program({ stm32: '480' }))).toThrow(
      'card.bin is for another board: it was built for a-board (stm32:480), and the chip is a STM32U575/585 (0x482)',
    );
    expect(flashed(program(undefined))).toThrow('it was built for a-board (an emulator)');
    expect(flashed(program({ stm32: '482' }))).not.toThrow();
  });
});
