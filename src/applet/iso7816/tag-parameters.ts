import type { Parameters } from '../command-row.ts';

/** P1-P2 that mean all data objects rather than one. */
export const ALL_DATA_OBJECTS = 0x00ff;

/** First bytes that a tag of two bytes can have; FF is not used, as the data coding byte of every file says. */
const FIRST_OF_TWO: readonly number[] = [0x5f, 0x7f, 0x9f, 0xbf, 0xdf];

/** Tags of one byte in P2: 40 to FE but for those that announce a second byte. */
const ONE_BYTE: readonly (readonly [number, number])[] = [
  [0x40, 0x5e],
  [0x60, 0x7e],
  [0x80, 0x9e],
  [0xa0, 0xbe],
  [0xc0, 0xde],
  [0xe0, 0xfe],
];

/** P1-P2 of GET DATA and PUT DATA with an even INS: a BER-TLV tag, or 00FF for all objects. */
export const TAG_PARAMETERS: readonly Parameters[] = [
  ...ONE_BYTE.map((p2): Parameters => ({ p1: [0x00, 0x00], p2, meaning: 'tag of one byte in P2' })),
  { p1: [0x00, 0x00], p2: [0xff, 0xff], meaning: 'all data objects' },
  ...FIRST_OF_TWO.map((p1): Parameters => ({ p1: [p1, p1], p2: [0x1f, 0x7f], meaning: 'tag of two bytes in P1-P2' })),
];
