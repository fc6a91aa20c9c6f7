import { copyBytes } from '../apdu/copy-bytes.ts';
import { LARGEST_RESPONSE } from '../hal/apdu-size.ts';
import { type Ats, encodeRats, parseAts } from './ats.ts';
import type { BitRate, BitRates } from './bit-rate.ts';
import { type BlockKind, putBlockHeader, ReceivedBlock } from './block.ts';
import { CRC_LENGTH, FRAME_SIZES, frameSizeCode, LARGEST_FRAME } from './frame-size.ts';
import { bestRates, encodePps, ppsStart } from './pps.ts';
import {
  CARRIER_HZ,
  FDT_TO_CARD_CYCLES,
  FWT_ACTIVATION_CYCLES,
  FWT_MAX_CYCLES,
  fwtCycles,
  sfgtCycles,
} from './timing.ts';

/** `send`: {@link IsoDepReader.frame} is to be sent. `done`: what was begun is over. `lost`: it could not be. */
export type Step = 'send' | 'done' | 'lost';

/**
 * Why contact was lost: `no-answer` after all retries; `damaged`: the last answer had a wrong CRC or parity;
 * `protocol`: the last answer was none that ISO/IEC 14443-4 allows there; `too-much-time`: the card asked for more
 * waiting time than it is given; `too-long`: the response is longer than there is room for.
 */
export type LostReason = 'no-answer' | 'damaged' | 'protocol' | 'too-much-time' | 'too-long';

export interface IsoDepReaderOptions {
  /** Largest frame that the reader takes, in bytes with CRC: one of {@link FRAME_SIZES}. */
  readonly fsd: number;
  /** Card identifier 0 to 14 to give and to use, when the card can; null or absent: none. */
  readonly cid?: number | null;
  /** How often a block is asked for again, or sent again, before contact is given up. Default 2. */
  readonly retries?: number;
  /** Most carrier cycles that S(WTX) may add up to for one command. Default: a minute. */
  readonly largestWtx?: number;
  /** Highest bit rates to ask for by PPS. Default: 1 both ways, and no PPS. */
  readonly wantedRates?: BitRates;
  /** Longest response APDU in bytes, 65,538 by default. */
  readonly largestResponse?: number;
}

type Phase = 'idle' | 'rats' | 'pps' | 'active' | 'command' | 'response' | 'presence' | 'deselect' | 'lost';

const NO_CID_RATS = 0;
const SAME_RATE: BitRates = { toCard: 1, toReader: 1 };

/**
 * The reader's side of ISO/IEC 14443-4 (PCD), from RATS on. Every call gives a {@link Step}; after `send` the caller
 * waits {@link guardCycles}, sends {@link frame} at {@link toCardRate}, and tells what came within {@link waitCycles}:
 * {@link received}, {@link damaged} or {@link timedOut}. Frames are without CRC.
 */
export class IsoDepReader {
  /** What to send, its first `frameLength` bytes. */
  readonly frame: Uint8Array = new Uint8Array(LARGEST_FRAME);
  frameLength = 0;
  /** How long to wait for the answer to begin after the frame's end, in carrier cycles. */
  waitCycles = 0;
  /** How long to be silent between the card's last frame and this one, in carrier cycles. */
  guardCycles: number = FDT_TO_CARD_CYCLES;
  /** Rates at which {@link frame} goes out and its answer is expected. */
  toCardRate: BitRate = 1;
  toReaderRate: BitRate = 1;
  /** The card's response after `done`, its first `responseLength` bytes, until the next {@link transmit}. */
  readonly response: Uint8Array;
  responseLength = 0;
  /** What the card said of itself, from the answer to RATS on. */
  ats: Ats | null = null;
  /** The ATS as it came; empty before. */
  atsBytes: Uint8Array = new Uint8Array(0);
  /** Set with `lost`. */
  reason: LostReason | null = null;

  readonly #fsd: number;
  readonly #wantedCid: number | null;
  readonly #retries: number;
  readonly #largestWtx: number;
  readonly #wantedRates: BitRates;
  readonly #received = new ReceivedBlock();
  #phase: Phase = 'idle';
  #cid: number | null = null;
  #fsc = 0;
  #fwt = 0;
  #number = 0;
  #tries = 0;
  #chosenRates: BitRates = SAME_RATE;
  #command: Uint8Array;
  #commandAt = 0;
  #commandEnd = 0;
  #partLength = 0;
  #grantedCycles = 0;
  /** The frame sent last asked again, so that what comes is no progress. */
  #askedAgain = false;

  /** @throws {RangeError} a frame size or a CID that does not exist */
  constructor(options: IsoDepReaderOptions) {
    const { fsd, cid = null, retries = 2, largestWtx = 60 * CARRIER_HZ, wantedRates = SAME_RATE } = options;
    if (!FRAME_SIZES.includes(fsd)) throw new RangeError(`no frame size of ISO/IEC 14443-4: ${fsd}`);
    if (cid !== null && !(Number.isInteger(cid) && cid >= 0 && cid <= 14)) throw new RangeError(`no CID: ${cid}`);
    this.#fsd = fsd;
    this.#wantedCid = cid;
    this.#retries = retries;
    this.#largestWtx = largestWtx;
    this.#wantedRates = wantedRates;
    this.response = new Uint8Array(options.largestResponse ?? LARGEST_RESPONSE);
    this.#command = this.response;
  }

  /** Whether commands may be sent. */
  get active(): boolean {
    return this.#phase === 'active';
  }

  /** CID that the blocks carry, or null. */
  get cid(): number | null {
    return this.#cid;
  }

  /** RATS, and PPS where a higher rate was wanted and is offered. The card must have been selected. */
  activate(): Step {
    this.ats = null;
    this.atsBytes = new Uint8Array(0);
    this.#cid = null;
    this.#number = 0;
    this.toCardRate = 1;
    this.toReaderRate = 1;
    this.guardCycles = FDT_TO_CARD_CYCLES;
    this.#begin('rats');
    return this.#sendCopy(encodeRats(frameSizeCode(this.#fsd), this.#wantedCid ?? NO_CID_RATS), FWT_ACTIVATION_CYCLES);
  }

  /**
   * Sends a command APDU. An empty one is answered by an empty response: a way to ask whether the card is there.
   * @param command holds the command at `offset`, for `length` bytes; must not change before `done` or `lost`
   * @throws {Error} no card is active: a mistake of the caller
   */
  transmit(command: Uint8Array, offset: number, length: number): Step {
    this.#needActive();
    this.#command = command;
    this.#commandAt = offset;
    this.#commandEnd = offset + length;
    this.#partLength = 0;
    this.responseLength = 0;
    this.#grantedCycles = 0;
    this.waitCycles = this.#fwt;
    this.#begin('command');
    return this.#sendPart();
  }

  /** Asks with R(NAK) whether the card is still there. @throws {Error} no card is active */
  presence(): Step {
    this.#needActive();
    this.waitCycles = this.#fwt;
    this.#begin('presence');
    return this.#sendReady('R-NAK');
  }

  /** Ends the protocol; the card halts. Also after `lost`. @throws {Error} the card was never activated */
  deselect(): Step {
    if (this.#phase === 'idle') throw new Error('S(DESELECT) to a card that was not activated');
    this.#begin('deselect');
    return this.#sendDeselect();
  }

  /** A frame came, without CRC, at `offset` for `length` bytes. */
  received(bytes: Uint8Array, offset: number, length: number): Step {
    switch (this.#phase) {
      case 'rats':
        return this.#takeAts(bytes, offset, length);
      case 'pps':
        if (length !== 1 || bytes[offset] !== ppsStart(this.#wantedCid ?? NO_CID_RATS)) return this.#again('protocol');
        this.toCardRate = this.#chosenRates.toCard;
        this.toReaderRate = this.#chosenRates.toReader;
        this.guardCycles = FDT_TO_CARD_CYCLES;
        return this.#done();
      case 'idle':
      case 'active':
      case 'lost':
        throw new Error('a frame came and none was asked for');
      default:
        return this.#takeBlock(bytes, offset, length);
    }
  }

  /** The answer had a wrong CRC or parity. */
  damaged(): Step {
    return this.#again('damaged');
  }

  /** No answer began in time. */
  timedOut(): Step {
    return this.#again('no-answer');
  }

  #needActive(): void {
    if (this.#phase !== 'active') throw new Error('a command before the card was activated, or after it was lost');
  }

  #begin(phase: Phase): void {
    this.#phase = phase;
    this.#tries = 0;
    this.#askedAgain = false;
    this.reason = null;
  }

  #done(): Step {
    this.#phase = 'active';
    this.frameLength = 0;
    return 'done';
  }

  #lose(reason: LostReason): Step {
    this.#phase = 'lost';
    this.frameLength = 0;
    this.reason = reason;
    return 'lost';
  }

  /** Recovery: the rules for an answer that is missing, damaged or not allowed. */
  #again(reason: LostReason): Step {
    if (this.#tries >= this.#retries) return this.#lose(reason);
    this.#tries++;
    this.#askedAgain = true;
    switch (this.#phase) {
      case 'rats':
      case 'pps':
        return 'send';
      case 'deselect':
        return this.#sendDeselect();
      case 'command':
      case 'presence':
        return this.#sendReady('R-NAK');
      case 'response':
        return this.#sendReady('R-ACK');
      default:
        throw new Error('an answer is missing and none was asked for');
    }
  }

  #takeAts(bytes: Uint8Array, offset: number, length: number): Step {
    const own = copyBytes(bytes, offset, offset + length);
    const ats = length > this.#fsd - CRC_LENGTH ? null : parseAts(own);
    if (ats === null) return this.#again('protocol');
    this.ats = ats;
    this.atsBytes = own;
    this.#cid = ats.cidSupported ? this.#wantedCid : null;
    this.#fsc = ats.fsc;
    this.#fwt = fwtCycles(ats.fwi);
    this.guardCycles = Math.max(sfgtCycles(ats.sfgi), FDT_TO_CARD_CYCLES);
    this.#chosenRates = bestRates(ats, this.#wantedRates);
    if (this.#chosenRates.toCard === 1 && this.#chosenRates.toReader === 1) return this.#done();
    this.#begin('pps');
    return this.#sendCopy(encodePps(this.#wantedCid ?? NO_CID_RATS, this.#chosenRates), this.#fwt);
  }

  #takeBlock(bytes: Uint8Array, offset: number, length: number): Step {
    const block = this.#received;
    if (length > this.#fsd - CRC_LENGTH || !block.parse(bytes, offset, length)) return this.#again('protocol');
    if (block.cid !== this.#cid || block.nad !== null) return this.#again('protocol');
    const informationLength = length - block.headerLength;
    // The guard time after the ATS is over with the first answer.
    this.guardCycles = FDT_TO_CARD_CYCLES;
    switch (this.#phase) {
      case 'presence':
        return block.kind === 'R-ACK' && block.number !== this.#number && informationLength === 0
          ? this.#done()
          : this.#again('protocol');
      case 'deselect':
        if (block.kind !== 'S-DESELECT' || informationLength !== 0) return this.#again('protocol');
        this.#phase = 'idle';
        this.frameLength = 0;
        return 'done';
      default:
        break;
    }
    if (block.kind === 'I') return this.#takeInformation(bytes, offset + block.headerLength, informationLength);
    if (block.kind === 'R-ACK' && informationLength === 0) return this.#takeAcknowledgement();
    if (block.kind === 'S-WTX' && informationLength === 1) {
      return this.#extend((bytes[offset + block.headerLength] as number) & 0x3f);
    }
    return this.#again('protocol');
  }

  /** What was asked for came: the retries begin anew. */
  #progress(): void {
    this.#number ^= 1;
    this.#tries = 0;
    this.#askedAgain = false;
    this.waitCycles = this.#fwt;
  }

  #takeInformation(bytes: Uint8Array, offset: number, length: number): Step {
    const block = this.#received;
    if (block.number !== this.#number || this.#hasMore()) return this.#again('protocol');
    if (this.responseLength + length > this.response.length) return this.#lose('too-long');
    const response = this.response;
    let to = this.responseLength;
    for (let i = offset; i < offset + length; i++) response[to++] = bytes[i] as number;
    this.responseLength = to;
    this.#progress();
    if (!block.chaining) return this.#done();
    this.#phase = 'response';
    return this.#sendReady('R-ACK');
  }

  #takeAcknowledgement(): Step {
    if (this.#phase !== 'command') return this.#again('protocol');
    if (this.#received.number !== this.#number) {
      // The card did not get the last block. It is sent again, as one more try of the same.
      if (this.#tries >= this.#retries && !this.#askedAgain) return this.#lose('protocol');
      if (!this.#askedAgain) this.#tries++;
      this.#askedAgain = false;
      this.waitCycles = this.#fwt;
      return this.#repeatPart();
    }
    if (!this.#hasMore()) return this.#again('protocol');
    this.#progress();
    this.#commandAt += this.#partLength;
    return this.#sendPart();
  }

  #hasMore(): boolean {
    return this.#phase === 'command' && this.#commandAt + this.#partLength < this.#commandEnd;
  }

  /** S(WTX): the time is granted by sending the same multiplier back. */
  #extend(multiplier: number): Step {
    if (multiplier < 1 || multiplier > 59) return this.#again('protocol');
    const cycles = Math.min(this.#fwt * multiplier, FWT_MAX_CYCLES);
    if (this.#grantedCycles + cycles > this.#largestWtx) return this.#lose('too-much-time');
    this.#grantedCycles += cycles;
    if (!this.#askedAgain) this.#tries = 0;
    this.#askedAgain = false;
    this.waitCycles = cycles;
    const header = putBlockHeader(this.frame, 'S-WTX', 0, false, this.#cid, null);
    this.frame[header] = multiplier;
    this.frameLength = header + 1;
    return 'send';
  }

  #sendPart(): Step {
    const room = this.#fsc - CRC_LENGTH - 1 - (this.#cid === null ? 0 : 1);
    this.#partLength = Math.min(this.#commandEnd - this.#commandAt, room);
    return this.#repeatPart();
  }

  #repeatPart(): Step {
    const { frame } = this;
    const header = putBlockHeader(frame, 'I', this.#number, this.#hasMore(), this.#cid, null);
    const from = this.#commandAt;
    for (let i = 0; i < this.#partLength; i++) frame[header + i] = this.#command[from + i] as number;
    this.frameLength = header + this.#partLength;
    return 'send';
  }

  #sendReady(kind: Extract<BlockKind, 'R-ACK' | 'R-NAK'>): Step {
    this.frameLength = putBlockHeader(this.frame, kind, this.#number, false, this.#cid, null);
    return 'send';
  }

  #sendDeselect(): Step {
    this.waitCycles = FWT_ACTIVATION_CYCLES;
    this.frameLength = putBlockHeader(this.frame, 'S-DESELECT', 0, false, this.#cid, null);
    return 'send';
  }

  #sendCopy(bytes: Uint8Array, waitCycles: number): Step {
    this.frame.set(bytes);
    this.frameLength = bytes.length;
    this.waitCycles = waitCycles;
    return 'send';
  }
}
