/** ISO/IEC 14443-4: blocks, both sides, and how long they take on air. Pure. */
export {
  type Activation,
  type AirExchange,
  activationCycles,
  blockPairs,
  exchangeCycles,
  ppsCycles,
} from './air-time.ts';
export { type Ats, encodeAts, encodeRats, parseAts, parseRats } from './ats.ts';
export { type Air, BackToBack, type Fate } from './back-to-back.ts';
export type { BitRate, BitRates } from './bit-rate.ts';
export { type Block, type BlockHeader, type BlockKind, parseBlock, writeBlockHeader } from './block.ts';
export { IsoDepCard, type IsoDepCardOptions, type IsoDepCardState } from './card.ts';
export { appendCrcA, crcA, endsInCrcA, withCrcA } from './crc-a.ts';
export { CRC_LENGTH, FRAME_SIZES, frameSize, frameSizeCode, LARGEST_FRAME } from './frame-size.ts';
export { encodePps, parsePps } from './pps.ts';
export { IsoDepReader, type IsoDepReaderOptions, type LostReason, type Step } from './reader.ts';
export * from './timing.ts';
