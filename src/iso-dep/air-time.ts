import type { BitRates } from './bit-rate.ts';
import { CRC_LENGTH } from './frame-size.ts';
import {
  answerDelayCycles,
  type Direction,
  FDT_TO_CARD_CYCLES,
  fdtToReaderCycles,
  frameCycles,
  SHORT_FRAME_CYCLES,
} from './timing.ts';

/**
 * What a tap takes on air without a single fault, in carrier cycles: the floor for its bytes. Every frame of the reader
 * is counted with the shortest delay before the answer, the answer, and the shortest silence after it. Where the last
 * bit of a frame is not known, its delay is the mean of both.
 */

const ATQA_LENGTH = 2;
const ANTICOLLISION_LENGTH = 2;
/** Four bytes of the UID and their check byte. */
const CASCADE_LEVEL_LENGTH = 5;
const SELECT_LENGTH = ANTICOLLISION_LENGTH + CASCADE_LEVEL_LENGTH + CRC_LENGTH;
const SAK_LENGTH = 1 + CRC_LENGTH;
const RATS_LENGTH = 2 + CRC_LENGTH;
const PPS_LENGTH = 3 + CRC_LENGTH;
const PPSS_LENGTH = 1 + CRC_LENGTH;
const BASE_RATES: BitRates = { toCard: 1, toReader: 1 };

export interface Activation {
  readonly uidLength: 4 | 7 | 10;
  /** With its length byte, without CRC; default 5. */
  readonly atsLength?: number;
  /** Start-up frame guard time of the ATS, in cycles; default 0. */
  readonly sfgtCycles?: number;
  readonly pps?: boolean;
  /** Default REQA. */
  readonly wake?: 'REQA' | 'WUPA';
}

/** From REQA or WUPA to the end of the ATS, or of the answer to PPS: one card alone in the field, at 106 kbit/s. */
export function activationCycles(activation: Activation): number {
  const { uidLength, atsLength = 5, sfgtCycles = 0, pps = false, wake = 'REQA' } = activation;
  // b7, the last bit sent, is 0 in REQA (26) and 1 in WUPA (52). The parity bit of NVB 20 is 0.
  const asked = SHORT_FRAME_CYCLES + fdtToReaderCycles(1, wake === 'REQA' ? 0 : 1) + toReader(ATQA_LENGTH);
  const anticollision = toCard(ANTICOLLISION_LENGTH) + fdtToReaderCycles(1, 0) + toReader(CASCADE_LEVEL_LENGTH);
  const levels = (uidLength - 1) / 3;
  const level = anticollision + FDT_TO_CARD_CYCLES + pairCycles(SELECT_LENGTH, SAK_LENGTH, BASE_RATES);
  const rats = pairCycles(RATS_LENGTH, atsLength + CRC_LENGTH, BASE_RATES);
  // The silence after the last answer is at least the guard time that the card asked for.
  const guard = Math.max(sfgtCycles - FDT_TO_CARD_CYCLES, 0);
  return asked + FDT_TO_CARD_CYCLES + levels * level + rats + guard + (pps ? ppsCycles() : 0);
}

/** PPS with both rates, and its answer, at 106 kbit/s. */
export function ppsCycles(): number {
  return pairCycles(PPS_LENGTH, PPSS_LENGTH, BASE_RATES);
}

export interface AirExchange {
  /** APDU lengths in bytes. */
  readonly commandLength: number;
  readonly responseLength: number;
  readonly fsc: number;
  readonly fsd: number;
  readonly rates?: BitRates;
  /** Whether the blocks carry a CID. */
  readonly cid?: boolean;
  /** How often the card asks for more time. */
  readonly extensions?: number;
  /** What the card itself takes, in cycles: the shortest delay before an answer is part of it. */
  readonly workCycles?: number;
}

/** Pairs of blocks, one of the reader and one of the card, that an exchange takes. */
export function blockPairs(exchange: AirExchange): number {
  return (
    partsOf(exchange.commandLength, exchange.fsc, exchange) +
    partsOf(exchange.responseLength, exchange.fsd, exchange) -
    1 +
    (exchange.extensions ?? 0)
  );
}

/** From the first bit of the command's first block to the silence after the response's last one. */
export function exchangeCycles(exchange: AirExchange): number {
  const { commandLength, responseLength, rates = BASE_RATES, extensions = 0, workCycles = 0 } = exchange;
  const around = headerLength(exchange) + CRC_LENGTH;
  const pairs = blockPairs(exchange);
  // Either side sends one block a pair; the multiplier of S(WTX) is a byte on top, both ways.
  const sent = framesCycles(pairs, commandLength + pairs * around + extensions, rates, 'to-card');
  const received = framesCycles(pairs, responseLength + pairs * around + extensions, rates, 'to-reader');
  const delays = (pairs - 1) * fdtToReaderCycles(rates.toReader) + answerDelayCycles(rates.toReader, workCycles);
  return sent + received + delays + pairs * FDT_TO_CARD_CYCLES;
}

function headerLength(exchange: AirExchange): number {
  return exchange.cid === true ? 2 : 1;
}

function partsOf(length: number, frameSize: number, exchange: AirExchange): number {
  return Math.max(Math.ceil(length / (frameSize - CRC_LENGTH - headerLength(exchange))), 1);
}

/** `count` frames of `bytes` together. */
function framesCycles(count: number, bytes: number, rates: BitRates, direction: Direction): number {
  const rate = direction === 'to-card' ? rates.toCard : rates.toReader;
  return (count - 1) * frameCycles(0, rate, direction) + frameCycles(bytes, rate, direction);
}

function toCard(bytes: number): number {
  return frameCycles(bytes, 1, 'to-card');
}

function toReader(bytes: number): number {
  return frameCycles(bytes, 1, 'to-reader');
}

function pairCycles(asked: number, answered: number, rates: BitRates): number {
  const sent = frameCycles(asked, rates.toCard, 'to-card');
  const received = frameCycles(answered, rates.toReader, 'to-reader');
  return sent + fdtToReaderCycles(rates.toReader) + received + FDT_TO_CARD_CYCLES;
}
