import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { encodeAts, parseRats } from '../../../src/iso-dep/ats.ts';
import type { BitRate } from '../../../src/iso-dep/bit-rate.ts';
import { parseBlock, writeBlockHeader } from '../../../src/iso-dep/block.ts';
import { frameSize } from '../../../src/iso-dep/frame-size.ts';
import { offersRates, parsePps } from '../../../src/iso-dep/pps.ts';
import { frameWaitingNs } from '../field/air-time.ts';
import type { Timeline } from '../timeline.ts';

/** What the chip says of itself when it is the card: `75 33 92 03`, then the host's historical bytes. */
export const PICC_ATS = {
  fsci: 5,
  toReader: [2, 4],
  toCard: [2, 4],
  sameRateOnly: false,
  fwi: 9,
  sfgi: 2,
  cidSupported: true,
  nadSupported: true,
} as const;

/** The chip's FIFO. */
const FRAME_SIZE = 64;
const CRC_LENGTH = 2;
/** The most that one TgGetData gives. */
export const LARGEST_DATA = 262;
/** When the chip asks for more time, as a part of its frame waiting time. */
const ASK_AFTER = 0.6;

/** What the machine needs of the chip. */
export interface PiccSurroundings {
  /** Sends a block, with its CRC, after the least delay. @returns when it will have left, in nanoseconds from now */
  send(block: Uint8Array, rate: BitRate): number;
  /** Something changed that a host may wait for. */
  changed(): void;
}

/** ISO/IEC 14443-4 in the chip's firmware, the card's side. The host gives the answers, some day. */
export class Picc {
  readonly #timeline: Timeline;
  readonly #surroundings: PiccSurroundings;
  readonly #asksForTime: boolean;
  readonly #ats: Uint8Array;
  #fsd = 16;
  #cid = 0;
  #number = 1;
  #usesCid = false;
  /** Blocks have been exchanged: PPS is no longer possible. */
  #spoken = false;
  #received: number[] = [];
  #commandWhole = false;
  #taken = false;
  #ackOwed = false;
  #response: Uint8Array | null = null;
  #responseAt = 0;
  #lastBlock: Uint8Array = new Uint8Array(0);
  #cancelTimer: (() => void) | null = null;
  #sentNs = 0;
  toCard: BitRate = 1;
  toReader: BitRate = 1;
  deselected = false;

  /** @param asksForTime whether the chip sends S(WTX) by itself while its host thinks */
  constructor(timeline: Timeline, surroundings: PiccSurroundings, historical: Uint8Array, asksForTime: boolean) {
    this.#timeline = timeline;
    this.#surroundings = surroundings;
    this.#asksForTime = asksForTime;
    this.#ats = encodeAts({ ...PICC_ATS, historicalBytes: historical });
  }

  /** @returns whether this was RATS; the ATS is then on its way */
  activate(frame: Uint8Array): boolean {
    const rats = parseRats(frame, 0, frame.length);
    if (rats === null) return false;
    this.#fsd = Math.min(frameSize(rats.fsdi), FRAME_SIZE);
    this.#cid = rats.cid;
    this.#surroundings.send(this.#ats, 1);
    return true;
  }

  /** The field is gone, or the host has other plans. */
  end(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** What the host can fetch: `more` when this is not the end of the command. Null while there is nothing. */
  takeCommand(): { readonly data: Uint8Array; readonly more: boolean } | null {
    if (!(this.#commandWhole || this.#received.length > LARGEST_DATA) || this.#taken) return null;
    const data = Uint8Array.from(this.#received.splice(0, LARGEST_DATA));
    const more = this.#received.length > 0 || !this.#commandWhole;
    if (!more) this.#taken = true;
    if (this.#ackOwed && this.#received.length <= LARGEST_DATA) {
      this.#ackOwed = false;
      this.#sendBlock(this.#header({ kind: 'R-ACK', number: this.#number }));
    }
    return { data, more };
  }

  /** Whether a command was fetched to its end and not yet answered. */
  get awaitsResponse(): boolean {
    return this.#commandWhole && this.#taken && this.#response === null;
  }

  /** The last block of the response has left, or is leaving: nanoseconds until then; null while blocks are to come. */
  get responseLeavesIn(): number | null {
    return this.#response === null ? Math.max(0, this.#sentNs - this.#timeline.nowNs()) : null;
  }

  respond(data: Uint8Array): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#response = data;
    this.#responseAt = 0;
    this.#commandWhole = false;
    this.#taken = false;
    this.#received = [];
    this.#sendPart();
  }

  /** A frame without its CRC. */
  receive(frame: Uint8Array): void {
    if (!this.#spoken && this.#selectRates(frame)) return;
    const block = parseBlock(frame, 0, frame.length);
    if (block === null || block.nad !== null) return;
    if (block.cid === null ? this.#cid !== 0 : block.cid !== this.#cid) return;
    this.#spoken = true;
    this.#usesCid = block.cid !== null;
    switch (block.kind) {
      case 'I':
        if (block.number !== this.#number) this.#information(frame.subarray(block.headerLength), block.chaining);
        return;
      case 'R-ACK':
      case 'R-NAK':
        this.#again(block.kind, block.number);
        return;
      case 'S-WTX':
        if (this.#commandWhole) this.#askForTimeLater();
        return;
      case 'S-DESELECT':
        this.end();
        this.deselected = true;
        this.#surroundings.send(this.#header({ kind: 'S-DESELECT' }), this.toReader);
        this.#surroundings.changed();
        return;
      case 'S-PARAMETERS':
        return;
    }
  }

  #information(inf: Uint8Array, chaining: boolean): void {
    // The response that was being sent is over, one way or the other.
    this.#response = null;
    this.#number ^= 1;
    this.#received.push(...inf);
    if (chaining) {
      this.#ackOwed = this.#received.length > LARGEST_DATA;
      if (!this.#ackOwed) this.#sendBlock(this.#header({ kind: 'R-ACK', number: this.#number }));
    } else {
      this.#commandWhole = true;
      this.#taken = false;
      this.#lastBlock = new Uint8Array(0);
      this.#askForTimeLater();
    }
    this.#surroundings.changed();
  }

  #again(kind: 'R-ACK' | 'R-NAK', number: number): void {
    if (number === this.#number) {
      if (this.#lastBlock.length > 0) this.#sendBlock(this.#lastBlock);
    } else if (kind === 'R-NAK') {
      if (!this.#commandWhole) this.#sendBlock(this.#header({ kind: 'R-ACK', number: this.#number }), false);
    } else if (this.#response !== null) {
      this.#number ^= 1;
      this.#sendPart();
    }
  }

  #sendPart(): void {
    const response = this.#response!;
    const most = this.#fsd - CRC_LENGTH - 1 - (this.#usesCid ? 1 : 0);
    const part = response.subarray(this.#responseAt, this.#responseAt + most);
    this.#responseAt += part.length;
    const chaining = this.#responseAt < response.length;
    if (!chaining) this.#response = null;
    this.#sendBlock(Uint8Array.of(...this.#header({ kind: 'I', number: this.#number, chaining }), ...part));
    this.#surroundings.changed();
  }

  #sendBlock(block: Uint8Array, remember = true): void {
    if (remember) this.#lastBlock = block;
    this.#sentNs = this.#timeline.nowNs() + this.#surroundings.send(block, this.toReader);
  }

  #header(header: Parameters<typeof writeBlockHeader>[1]): Uint8Array {
    const block = new Uint8Array(3);
    return block.subarray(0, writeBlockHeader(block, { ...header, cid: this.#usesCid ? this.#cid : null }));
  }

  #askForTimeLater(): void {
    this.#cancelTimer?.();
    if (!this.#asksForTime) return;
    this.#cancelTimer = this.#timeline.after(Math.round(frameWaitingNs(PICC_ATS.fwi) * ASK_AFTER), () => {
      this.#sendBlock(Uint8Array.of(...this.#header({ kind: 'S-WTX' }), 1));
    });
  }

  #selectRates(frame: Uint8Array): boolean {
    const pps = parsePps(frame, 0, frame.length);
    if (pps === null || pps.cid !== this.#cid) return false;
    this.#spoken = true;
    if (!offersRates({ ...PICC_ATS, historicalBytes: new Uint8Array(0) }, pps)) return true;
    this.#surroundings.send(copyBytes(frame, 0, 1), 1);
    this.toCard = pps.toCard;
    this.toReader = pps.toReader;
    return true;
  }
}
