import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { type Ats, parseAts } from '../../../src/iso-dep/ats.ts';
import { type BitRate, type BitRates, RATE_OF_CODE } from '../../../src/iso-dep/bit-rate.ts';
import { parseBlock, writeBlockHeader } from '../../../src/iso-dep/block.ts';
import { encodePps, offersRates, ppsStart } from '../../../src/iso-dep/pps.ts';
import { ACTIVATION_WAIT_NS, EXTRA_WAIT_NS, frameWaitingNs } from '../field/air-time.ts';
import type { Poller } from './poller.ts';
import { pauseNs, type Work } from './work.ts';

/** The chip's FIFO and with it its largest frame, both ways. */
const FRAME_SIZE = 64;
const FSDI = 5;
const CRC_LENGTH = 2;
/** How often a block is asked for again. */
const RETRIES = 2;
const LONGEST_WAIT_FWI = 14;

export type PcdFailure = 'timeout' | 'crc' | 'protocol';

/** A part of a response; `more` when the card has not said all. */
export interface ResponsePart {
  readonly data: Uint8Array;
  readonly more: boolean;
}

/** ISO/IEC 14443-4 in the chip's firmware, the reader's side, for one card. */
export class IsoDepPcd {
  readonly atsBytes: Uint8Array;
  readonly #ats: Ats;
  readonly #poller: Poller;
  readonly #cid: number | null;
  #number = 0;
  /** From card to reader and from reader to card, times 106 kbit/s. */
  #toReader: BitRate = 1;
  #toCard: BitRate = 1;
  #unread: number[] = [];
  /** The card has more than `unread`. */
  #cardHasMore = false;

  private constructor(poller: Poller, ats: Ats, atsBytes: Uint8Array, cid: number) {
    this.#poller = poller;
    this.#ats = ats;
    this.atsBytes = atsBytes;
    this.#cid = ats.cidSupported && cid > 0 ? cid : null;
  }

  /** RATS. @returns null when the card does not answer it, or not with an ATS */
  static *activate(poller: Poller, cid: number): Work<IsoDepPcd | null> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const answer = yield* poller.exchangeBlock(Uint8Array.of(0xe0, (FSDI << 4) | cid), ACTIVATION_WAIT_NS);
      if (typeof answer === 'string') continue;
      const ats = parseAts(answer);
      if (ats === null) return null;
      if (ats.sfgi > 0) yield* pauseNs(frameWaitingNs(ats.sfgi));
      return new IsoDepPcd(poller, ats, copyBytes(answer), cid);
    }
    return null;
  }

  /** The CIU's codes 0, 1, 2 for 106, 212 and 424 kbit/s: from reader to card, from card to reader. */
  get rates(): readonly [number, number] {
    return [Math.log2(this.#toCard), Math.log2(this.#toReader)];
  }

  /** PPS. Codes 0, 1, 2. @returns whether the card took it */
  *selectRates(toCardCode: number, toReaderCode: number): Work<boolean> {
    const rates: BitRates = { toCard: RATE_OF_CODE[toCardCode]!, toReader: RATE_OF_CODE[toReaderCode]! };
    if (!offersRates(this.#ats, rates)) return false;
    const cid = this.#cid ?? 0;
    const answer = yield* this.#poller.exchangeBlock(encodePps(cid, rates), ACTIVATION_WAIT_NS);
    if (typeof answer === 'string' || answer.length !== 1 || answer[0] !== ppsStart(cid)) return false;
    this.#toCard = rates.toCard;
    this.#toReader = rates.toReader;
    return true;
  }

  /** Sends a part of a command that has more parts. */
  *sendPart(data: Uint8Array): Work<PcdFailure | null> {
    for (let at = 0; at < data.length; at += this.#largestInf) {
      const failure = yield* this.#sendChained(data.subarray(at, at + this.#largestInf));
      if (failure !== null) return failure;
    }
    return null;
  }

  /** Sends the last part of a command and takes up to `most` bytes of the response. */
  *sendLast(data: Uint8Array, most: number): Work<ResponsePart | PcdFailure> {
    const lastAt = data.length === 0 ? 0 : Math.floor((data.length - 1) / this.#largestInf) * this.#largestInf;
    const failure = yield* this.sendPart(data.subarray(0, lastAt));
    if (failure !== null) return failure;
    const block = this.#iBlock(data.subarray(lastAt), false);
    const answer = yield* this.#exchange(block);
    return yield* this.#collect(answer, most);
  }

  /** Whether the response is not yet read to its end. */
  get hasMore(): boolean {
    return this.#cardHasMore || this.#unread.length > 0;
  }

  *readOn(most: number): Work<ResponsePart | PcdFailure> {
    return yield* this.#collect(null, most);
  }

  /** R(NAK), which a card that is there answers with R(ACK). */
  *isPresent(): Work<boolean> {
    for (let attempt = 0; attempt <= RETRIES; attempt++) {
      const nak = this.#header({ kind: 'R-NAK', number: this.#number });
      const answer = yield* this.#poller.exchangeBlock(nak, this.#waitNs(), this.#toCard);
      if (typeof answer !== 'string' && parseBlock(answer, 0, answer.length)?.kind === 'R-ACK') return true;
    }
    return false;
  }

  /** @returns whether the card answered */
  *deselect(): Work<boolean> {
    const block = this.#header({ kind: 'S-DESELECT' });
    for (let attempt = 0; attempt <= RETRIES; attempt++) {
      const answer = yield* this.#poller.exchangeBlock(block, ACTIVATION_WAIT_NS, this.#toCard);
      if (typeof answer !== 'string' && parseBlock(answer, 0, answer.length)?.kind === 'S-DESELECT') return true;
    }
    return false;
  }

  get #largestInf(): number {
    return Math.min(FRAME_SIZE, this.#ats.fsc) - CRC_LENGTH - 1 - (this.#cid === null ? 0 : 1);
  }

  #waitNs(): number {
    return frameWaitingNs(this.#ats.fwi) + EXTRA_WAIT_NS;
  }

  #header(header: Parameters<typeof writeBlockHeader>[1]): Uint8Array {
    const block = new Uint8Array(3);
    return block.subarray(0, writeBlockHeader(block, { ...header, cid: this.#cid }));
  }

  #iBlock(inf: Uint8Array, chaining: boolean): Uint8Array {
    return Uint8Array.of(...this.#header({ kind: 'I', number: this.#number, chaining }), ...inf);
  }

  *#sendChained(inf: Uint8Array): Work<PcdFailure | null> {
    const block = this.#iBlock(inf, true);
    for (let attempt = 0; attempt <= RETRIES; attempt++) {
      const answer = yield* this.#exchange(block);
      if (typeof answer === 'string') return answer;
      const head = parseBlock(answer, 0, answer.length);
      if (head?.kind !== 'R-ACK') return 'protocol';
      if (head.number === this.#number) {
        this.#number ^= 1;
        return null;
      }
      // The card has not had it: again.
    }
    return 'protocol';
  }

  /** Sends a block and has it answered, whatever it takes: more time, or asking again. */
  *#exchange(block: Uint8Array, receiving = false): Work<Uint8Array | PcdFailure> {
    let out = block;
    let waitNs = this.#waitNs();
    let bad = 0;
    for (;;) {
      const answer = yield* this.#poller.exchangeBlock(out, waitNs, this.#toCard);
      waitNs = this.#waitNs();
      const head = typeof answer === 'string' ? null : parseBlock(answer, 0, answer.length);
      if (typeof answer !== 'string' && head?.kind === 'S-WTX') {
        const multiplier = answer[head.headerLength]! & 0x3f;
        const longest = frameWaitingNs(LONGEST_WAIT_FWI);
        waitNs = Math.min(frameWaitingNs(this.#ats.fwi) * multiplier, longest) + EXTRA_WAIT_NS;
        out = Uint8Array.of(...this.#header({ kind: 'S-WTX' }), multiplier);
        continue;
      }
      const right = typeof answer !== 'string' && head !== null && (head.kind !== 'I' || head.number === this.#number);
      if (right && !(receiving && head.kind !== 'I')) {
        // An R(ACK) of the other number to a block that is not chained: the card has not had it.
        if (head.kind === 'R-ACK' && head.number !== this.#number && bad < RETRIES) {
          bad++;
          out = block;
          continue;
        }
        return answer;
      }
      if (bad === RETRIES) return answer === 'silence' ? 'timeout' : answer === 'damaged' ? 'crc' : 'protocol';
      bad++;
      out = receiving ? block : this.#header({ kind: 'R-NAK', number: this.#number });
    }
  }

  /** Takes in I-blocks until `most` bytes are there or the response is whole. */
  *#collect(first: Uint8Array | PcdFailure | null, most: number): Work<ResponsePart | PcdFailure> {
    let answer = first;
    for (;;) {
      if (answer !== null) {
        if (typeof answer === 'string') return answer;
        const head = parseBlock(answer, 0, answer.length);
        if (head?.kind !== 'I') return 'protocol';
        this.#unread.push(...answer.subarray(head.headerLength));
        this.#number ^= 1;
        this.#cardHasMore = head.chaining;
      }
      if (this.#unread.length >= most || !this.#cardHasMore) break;
      answer = yield* this.#exchange(this.#header({ kind: 'R-ACK', number: this.#number }), true);
    }
    const data = Uint8Array.from(this.#unread.splice(0, most));
    return { data, more: this.hasMore };
  }
}
