import { LARGEST_COMMAND } from '../hal/apdu-size.ts';
import type { LinkedCard } from '../hal/card-link.ts';
import { type Ats, encodeAts, parseRats } from './ats.ts';
import type { BitRate } from './bit-rate.ts';
import { putBlockHeader, ReceivedBlock } from './block.ts';
import { CRC_LENGTH, frameSize, LARGEST_FRAME } from './frame-size.ts';
import { offersRates, parsePps, ppsStart } from './pps.ts';
import { FDT_STEP_CYCLES, FWT_MAX_CYCLES, fwtCycles, microsecondsToCycles } from './timing.ts';

/**
 * - `off`: no field, or not selected yet: mute.
 * - `selected`: anticollision is over, RATS is awaited.
 * - `answered`: the ATS was sent; PPS is still possible.
 * - `active`: blocks.
 * - `halted`: deselected; mute until {@link IsoDepCard.start}.
 */
export type IsoDepCardState = 'off' | 'selected' | 'answered' | 'active' | 'halted';

export interface IsoDepCardOptions {
  /** What the card says of itself; its FSCI is also the largest frame that it takes. */
  readonly ats: Omit<Ats, 'fsc'>;
  /**
   * Carrier cycles that a command is expected to take. Over the frame waiting time, the card first asks for more.
   * Absent: what the card itself expects, or 0 when it says nothing.
   */
  readonly cost?: (command: Uint8Array, offset: number, length: number) => number;
  /** Carrier cycles of every frame waiting time that the link takes for itself, as a slow serial line. Default 0. */
  readonly reservedCycles?: number;
  /** Longest command APDU in bytes, 65,544 by default. The card stays mute to the block that goes beyond it. */
  readonly largestCommand?: number;
}

/** The last block that may be asked for again. */
type LastBlock = 'none' | 'I' | 'R-ACK' | 'S-WTX';

const LARGEST_WTXM = 59;
const HLTA = [0x50, 0x00] as const;

/**
 * The card's side of ISO/IEC 14443-4 (PICC), from RATS on: a frame in, a frame or silence out. Frames are without CRC;
 * one whose CRC or parity was wrong is not given to {@link receive} but told as {@link damaged}.
 *
 * A card never begins and never recovers: it answers, repeats what it is asked to repeat, or is mute. An I-block with
 * the number of the one before is such a case: a reader that keeps the rules never sends it, and a command must not
 * be carried out twice.
 */
export class IsoDepCard {
  /** What to send: its first n bytes, n being what {@link receive} returned, until the next call. */
  readonly frame: Uint8Array = new Uint8Array(LARGEST_FRAME);
  readonly #card: LinkedCard;
  readonly #options: IsoDepCardOptions;
  readonly #ats: Uint8Array;
  readonly #fsc: number;
  readonly #fwt: number;
  readonly #received = new ReceivedBlock();
  readonly #command: Uint8Array;
  #state: IsoDepCardState = 'off';
  #fsd = 0;
  #cid = 0;
  #toCardRate: BitRate = 1;
  #toReaderRate: BitRate = 1;
  /** In force for the answers after that to PPS. */
  #nextToReaderRate: BitRate = 1;
  #number = 1;
  #commandLength = 0;
  #last: LastBlock = 'none';
  /** CID of the answer being made, copied from the block that asked for it. */
  #answerCid: number | null = null;
  #answerNad: number | null = null;
  /** The I-block sent last, as a part of the card's response. */
  #partAt = 0;
  #partLength = 0;
  #responseLength = 0;
  #wtxm = 0;

  constructor(card: LinkedCard, options: IsoDepCardOptions) {
    this.#card = card;
    this.#options = options;
    this.#ats = encodeAts(options.ats);
    this.#fsc = frameSize(options.ats.fsci);
    this.#fwt = fwtCycles(options.ats.fwi);
    this.#command = new Uint8Array(options.largestCommand ?? LARGEST_COMMAND);
  }

  get state(): IsoDepCardState {
    return this.#state;
  }

  /** Rate at which the answer in {@link frame} goes out. The answer to PPS still has the rate of before. */
  get toReaderRate(): BitRate {
    return this.#toReaderRate;
  }

  /** Rate at which the next frame is expected. */
  get toCardRate(): BitRate {
    return this.#toCardRate;
  }

  /** CID given by RATS, 0 to 14. */
  get cid(): number {
    return this.#cid;
  }

  /** Largest frame that the reader takes, in bytes with CRC; 0 before RATS. */
  get fsd(): number {
    return this.#fsd;
  }

  /** Anticollision is over and RATS may come. Gives the card power, or resets it when it was in use. */
  start(): void {
    if (this.#state === 'off') this.#card.powerOn();
    else if (this.#state === 'answered' || this.#state === 'active') this.#card.reset();
    this.#state = 'selected';
    this.#fsd = 0;
    this.#cid = 0;
    this.#toCardRate = 1;
    this.#toReaderRate = 1;
    this.#nextToReaderRate = 1;
    this.#number = 1;
    this.#forget();
  }

  /** The field is gone: the card loses power. */
  fieldOff(): void {
    if (this.#state !== 'off') this.#card.fieldOff();
    this.#state = 'off';
    this.#forget();
  }

  /** A frame came with a wrong CRC or parity: the card is mute, and PPS is no longer possible. */
  damaged(): void {
    this.#toReaderRate = this.#nextToReaderRate;
    if (this.#state === 'answered') this.#state = 'active';
  }

  /**
   * One frame of the reader.
   * @param bytes holds the frame without CRC at `offset`, for `length` bytes; not kept after the call
   * @returns the length of the answer in {@link frame}; 0: the card is mute
   */
  receive(bytes: Uint8Array, offset: number, length: number): number {
    this.#toReaderRate = this.#nextToReaderRate;
    switch (this.#state) {
      case 'off':
      case 'halted':
        return 0;
      case 'selected':
        return this.#activate(bytes, offset, length);
      case 'answered':
        return this.#firstAfterAts(bytes, offset, length);
      case 'active':
        return this.#block(bytes, offset, length);
    }
  }

  #forget(): void {
    this.#commandLength = 0;
    this.#responseLength = 0;
    this.#partAt = 0;
    this.#partLength = 0;
    this.#last = 'none';
  }

  #activate(bytes: Uint8Array, offset: number, length: number): number {
    if (isHlta(bytes, offset, length)) return this.#halt();
    const rats = parseRats(bytes, offset, length);
    if (rats === null) return 0;
    this.#fsd = frameSize(rats.fsdi);
    this.#cid = rats.cid;
    this.#state = 'answered';
    this.frame.set(this.#ats);
    // The ATS must fit the reader's frames: historical bytes that do not are left out.
    const fitting = Math.min(this.#ats.length, this.#fsd - CRC_LENGTH);
    this.frame[0] = fitting;
    return fitting;
  }

  /** PPS comes here or never. */
  #firstAfterAts(bytes: Uint8Array, offset: number, length: number): number {
    if (isHlta(bytes, offset, length)) return this.#halt();
    this.#state = 'active';
    const pps = parsePps(bytes, offset, length);
    if (pps === null) return this.#block(bytes, offset, length);
    if (pps.cid !== this.#cid || !offersRates(this.#options.ats, pps)) return 0;
    this.#toCardRate = pps.toCard;
    this.#nextToReaderRate = pps.toReader;
    this.frame[0] = ppsStart(this.#cid);
    return 1;
  }

  /** HLTA is not answered. */
  #halt(): number {
    this.#state = 'halted';
    this.#card.deselect();
    return 0;
  }

  #block(bytes: Uint8Array, offset: number, length: number): number {
    const block = this.#received;
    if (length > this.#fsc - CRC_LENGTH || !block.parse(bytes, offset, length) || !this.#isMeant(block)) return 0;
    const informationLength = length - block.headerLength;
    this.#answerCid = block.cid;
    switch (block.kind) {
      case 'I':
        return this.#takeInformation(bytes, offset + block.headerLength, informationLength);
      case 'R-ACK':
      case 'R-NAK':
        return informationLength === 0 ? this.#takeReady(block) : 0;
      case 'S-WTX':
        return informationLength === 1 ? this.#takeExtension(bytes[offset + block.headerLength] as number) : 0;
      case 'S-DESELECT':
        return informationLength === 0 ? this.#deselect() : 0;
      case 'S-PARAMETERS':
        return 0;
    }
  }

  /** Blocks with another card's CID are another card's; without one they are for the card with CID 0 or without CID. */
  #isMeant(block: ReceivedBlock): boolean {
    const { cidSupported, nadSupported } = this.#options.ats;
    if (block.nad !== null && !nadSupported) return false;
    if (block.cid === null) return !cidSupported || this.#cid === 0;
    return cidSupported && block.cid === this.#cid;
  }

  #takeInformation(bytes: Uint8Array, offset: number, length: number): number {
    const block = this.#received;
    if (this.#last === 'S-WTX' || this.#hasMore() || block.number === this.#number) return 0;
    if (this.#commandLength + length > this.#command.length) return 0;
    // A node address comes with the first block of a chain.
    if (this.#commandLength === 0) this.#answerNad = block.nad === null ? null : swapNodes(block.nad);
    this.#number = block.number;
    if (block.chaining) {
      this.#keep(bytes, offset, length);
      this.#last = 'R-ACK';
      return this.#repeat();
    }
    if (this.#commandLength === 0) return this.#execute(bytes, offset, length, false);
    this.#keep(bytes, offset, length);
    return this.#execute(this.#command, 0, this.#commandLength, true);
  }

  #keep(bytes: Uint8Array, offset: number, length: number): void {
    const command = this.#command;
    let to = this.#commandLength;
    for (let i = offset; i < offset + length; i++) command[to++] = bytes[i] as number;
    this.#commandLength = to;
  }

  /** The command is whole: carries it out, or asks for time first. */
  #execute(command: Uint8Array, offset: number, length: number, kept: boolean): number {
    // An empty I-block is how some readers ask whether the card is there.
    if (length === 0) return this.#answer(0);
    const reserved = this.#options.reservedCycles ?? 0;
    const cycles = this.#expected(command, offset, length) + reserved + FDT_STEP_CYCLES;
    if (cycles <= this.#fwt) return this.#answer(this.#card.process(command, offset, length));
    if (!kept) this.#keep(command, offset, length);
    this.#wtxm = Math.min(Math.ceil(cycles / this.#fwt), LARGEST_WTXM, FWT_MAX_CYCLES / this.#fwt);
    this.#last = 'S-WTX';
    return this.#repeat();
  }

  #expected(command: Uint8Array, offset: number, length: number): number {
    const cost = this.#options.cost;
    if (cost !== undefined) return cost(command, offset, length);
    return microsecondsToCycles(this.#card.expectedMicroseconds?.(command, offset, length) ?? 0);
  }

  #answer(responseLength: number): number {
    this.#commandLength = 0;
    this.#responseLength = responseLength;
    this.#partAt = 0;
    return this.#sendPart();
  }

  #hasMore(): boolean {
    return this.#partAt + this.#partLength < this.#responseLength;
  }

  /** The next part of the response, as large as the reader's frames allow. */
  #sendPart(): number {
    const header = 1 + (this.#answerCid === null ? 0 : 1) + (this.#answerNad === null ? 0 : 1);
    this.#partLength = Math.min(this.#responseLength - this.#partAt, this.#fsd - CRC_LENGTH - header);
    this.#last = 'I';
    return this.#repeat();
  }

  #takeReady(block: ReceivedBlock): number {
    if (block.number === this.#number) return this.#repeat();
    // What is asked for was not received: says so. It is not the block that may be asked for again.
    if (block.kind === 'R-NAK') return putBlockHeader(this.frame, 'R-ACK', this.#number, false, this.#answerCid, null);
    if (this.#last !== 'I' || !this.#hasMore()) return 0;
    this.#number = block.number;
    this.#partAt += this.#partLength;
    this.#answerNad = null;
    return this.#sendPart();
  }

  /** Makes the last block (again). */
  #repeat(): number {
    const { frame } = this;
    switch (this.#last) {
      case 'none':
        return 0;
      case 'R-ACK':
        return putBlockHeader(frame, 'R-ACK', this.#number, false, this.#answerCid, null);
      case 'S-WTX': {
        const header = putBlockHeader(frame, 'S-WTX', 0, false, this.#answerCid, null);
        frame[header] = this.#wtxm;
        return header + 1;
      }
      case 'I': {
        const header = putBlockHeader(frame, 'I', this.#number, this.#hasMore(), this.#answerCid, this.#answerNad);
        // Asked for again with a CID, a full block that had none has no room for it.
        if (header + this.#partLength > this.#fsd - CRC_LENGTH) return 0;
        const response = this.#card.response;
        const from = this.#partAt;
        for (let i = 0; i < this.#partLength; i++) frame[header + i] = response[from + i] as number;
        return header + this.#partLength;
      }
    }
  }

  /** The reader grants the time: only now is the command carried out. */
  #takeExtension(multiplier: number): number {
    if (this.#last !== 'S-WTX' || multiplier !== this.#wtxm) return 0;
    return this.#answer(this.#card.process(this.#command, 0, this.#commandLength));
  }

  #deselect(): number {
    this.#halt();
    this.#forget();
    return putBlockHeader(this.frame, 'S-DESELECT', 0, false, this.#answerCid, null);
  }
}

/** The answer goes from the node that was addressed to the one that asked. */
function swapNodes(nad: number): number {
  return ((nad & 0x07) << 4) | ((nad & 0x70) >> 4);
}

function isHlta(bytes: Uint8Array, offset: number, length: number): boolean {
  return length === HLTA.length && bytes[offset] === HLTA[0] && bytes[offset + 1] === HLTA[1];
}
