import { describe, expect, it } from 'vitest';
import { boardNames, readBoard } from '../../../../rig/board/firmware/board-description.ts';
import { boardHeader } from '../../../../rig/board/firmware/board-files.ts';
import { chipOf, largestFlash, pagesOf } from '../../../../rig/board/stm32/chips.ts';
import { uf2BoardOf } from '../../../../rig/board/uf2/drive.ts';

const BOARDS = boardNames().map(readBoard);

describe.each(BOARDS.map((board) => [board.name, board] as const))('board %s', (_name, board) => {
  const { flash, nvm, chip, ram } = board;

  it('keeps program and memory of the card apart, in whole pages', () => {
    expect(nvm.origin >= flash.origin + flash.size || nvm.origin + nvm.page * nvm.pages <= flash.origin).toBe(true);
    expect([nvm.origin % nvm.page, nvm.page % nvm.granule]).toEqual([0, 0]);
  });

  it('has what the flasher knows of its chip', () => {
    if (chip === undefined) return expect(board.qemu).toBeDefined();
    if ('uf2' in chip) {
      const known = uf2BoardOf({ boardId: chip.uf2, model: '' });
      expect(known.families).toContain(board.uf2Family);
      expect(known.flash.address).toBe(flash.origin);
      return;
    }
    const known = chipOf(Number.parseInt(chip.stm32, 16))!;
    expect(known.uf2Family).toBe(board.uf2Family ?? null);
    expect(flash.origin).toBe(known.flash.address);
    expect(known.ram.some(({ address, size }) => address === ram.origin && ram.size <= size)).toBe(true);
    expect(nvm.granule).toBe(known.flash.writeGranule);
    const pages = pagesOf(known, largestFlash(known)).filter(
      ({ address }) => address >= nvm.origin && address < nvm.origin + nvm.page * nvm.pages,
    );
    expect([pages.length, new Set(pages.map(({ size }) => size))]).toEqual([nvm.pages, new Set([nvm.page])]);
    // Code is fetched from the other bank meanwhile.
    expect(nvm.origin).toBe(flash.origin + largestFlash(known) / 2);
  });
});

it('pins are told by port, number and function', () => {
  expect(boardHeader(readBoard('nucleo-u575zi-q'))).toContain(
    '#define BOARD_PINS {0, 9, 7}, {0, 10, 7}, {3, 5, 7}, {3, 6, 7}\n',
  );
  expect(boardHeader(readBoard('pico-plus-2'))).toContain('#define BOARD_PSRAM_SELECT 47\n');
});
