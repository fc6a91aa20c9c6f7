import type { Flash } from '../../src/hal/flash.ts';
import { board } from './board.ts';

/** The board's pages for the card's memory. */
export const boardFlash: Flash = {
  pageSize: board.flashPage,
  pages: board.flash.byteLength / board.flashPage,
  granule: board.flashGranule,
  bytes: new Uint8Array(board.flash),
  erase: (page) => board.flashErase(page),
  write: (address, source, length) => board.flashWrite(address, source, 0, length),
};
