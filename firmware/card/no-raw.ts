import type { serveRaw as serveRawTarget } from '../../src/hal/pn532/raw-target.ts';

/** Raw mode of a PN532 is for a card on a PC: on a board the chip speaks ISO/IEC 14443-4 itself, and ours is left out. */
export const serveRaw: typeof serveRawTarget = async () => {
  throw new Error('a board has no raw mode');
};
