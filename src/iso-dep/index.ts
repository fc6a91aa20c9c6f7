/** ISO/IEC 14443-4: blocks, both sides, and how long they take on air. Pure. */
export { type Ats, encodeAts, encodeRats, parseAts, parseRats } from './ats.ts';
export { type Block, type BlockHeader, type BlockKind, parseBlock, writeBlockHeader } from './block.ts';
export { crcA, endsInCrcA, withCrcA } from './crc-a.ts';
export { CRC_LENGTH, FRAME_SIZES, frameSize, frameSizeCode, LARGEST_FRAME } from './frame-size.ts';
