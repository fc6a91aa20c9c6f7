import type { crc32 as portable } from '../../src/hal/crc32.ts';
import { board } from './board.ts';

/** By the port: an interpreter takes some 500 instructions for a byte, and a start looks at every byte of the card. */
export const crc32: typeof portable = (bytes, offset = 0, length = bytes.length - offset, before = 0) =>
  board.crc32(bytes, offset, length, before);
