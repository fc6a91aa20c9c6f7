import { HalError } from '../../src/hal/errors.ts';
import type { FlashDevice } from '../../src/hal/flash/flash-device.ts';
import { board } from './board.ts';

/** The board's pages for the card's memory. */
export const boardFlash: FlashDevice = {
  pageSize: board.flashPage,
  pages: board.flashPages,
  writeGranule: board.flashGranule,
  read(address, target, targetOffset, length) {
    board.flashRead(address, target, targetOffset, length);
  },
  holds: (address, source) => board.flashHolds(address, source, 0, source.length),
  program(address, source) {
    if (!board.flashWrite(address, source, 0, source.length)) {
      throw new HalError('storage', `the flash took nothing at ${address}`);
    }
  },
  erase(page) {
    if (!board.flashErase(page)) throw new HalError('storage', `page ${page} of the flash is not erased`);
  },
};
