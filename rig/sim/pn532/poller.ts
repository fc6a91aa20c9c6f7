import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { BitRate } from '../../../src/iso-dep/bit-rate.ts';
import { endsInCrcA, withCrcA } from '../../../src/iso-dep/crc-a.ts';
import { FIELD_ON_GUARD_NS, READER_GUARD_NS, REQUEST_WAIT_NS } from '../field/air-time.ts';
import { type AirFrame, bitOf, type FieldPlace } from '../field/field.ts';
import { standardFrame } from '../field/type-a.ts';
import type { Work } from './work.ts';

/** A card as selection found it. */
export interface SelectedCard {
  /** As on air: the low byte first. */
  readonly atqa: Uint8Array;
  readonly uid: Uint8Array;
  readonly sak: number;
}

/** What came back: a frame, `silence`, or something that cannot be read. */
export type Heard = AirFrame | 'silence' | 'damaged';

const REQA = 0x26;
const WUPA = 0x52;
const SEL: readonly number[] = [0x93, 0x95, 0x97];
const CASCADE_TAG = 0x88;
const CASCADE_BIT = 0x04;
const UID_COMPLETE = 40;

/** The chip as a reader, up to the selection of a card. */
export class Poller {
  readonly #place: FieldPlace;
  readonly #strong: () => boolean;
  #heard: AirFrame | null = null;
  #wake: (() => void) | null = null;
  /** An answer has begun. */
  #hearing = false;

  /** @param strong whether the antenna's current feeds a card */
  constructor(place: FieldPlace, strong: () => boolean) {
    this.#place = place;
    this.#strong = strong;
  }

  get fieldIsOn(): boolean {
    return this.#place.carrier;
  }

  get place(): FieldPlace {
    return this.#place;
  }

  *fieldOn(): Work<void> {
    if (this.#place.carrier) return;
    this.#place.setCarrier(true, this.#strong());
    yield { ns: FIELD_ON_GUARD_NS };
  }

  fieldOff(): void {
    this.#place.setCarrier(false);
  }

  /** A card begins to answer. */
  hears(): void {
    this.#hearing = true;
  }

  /** A card's frame reached the antenna. */
  heard(frame: AirFrame): void {
    if (this.#wake === null) return;
    this.#heard = frame;
    this.#wake();
  }

  /** Sends a frame as it is and listens for an answer that begins up to `waitNs` after its end. */
  *exchange(frame: AirFrame, waitNs: number): Work<Heard> {
    yield { ns: READER_GUARD_NS };
    // Nothing to send: only listening.
    const airNs = frame.bits === 0 ? 0 : this.#place.send(frame);
    this.#heard = null;
    const until = (wake: () => void): (() => void) => {
      this.#wake = wake;
      return () => {
        this.#wake = null;
      };
    };
    this.#hearing = false;
    const woken = yield { ns: airNs + waitNs, until };
    if (!woken && this.#hearing && this.#heard === null) yield { ns: LONGEST_ANSWER_NS, until };
    const answer: AirFrame | null = this.#heard;
    this.#heard = null;
    if (answer === null) return 'silence';
    return (answer as AirFrame).damaged === true ? 'damaged' : answer;
  }

  /** A standard frame with CRC both ways. @returns the answer without its CRC */
  *exchangeBlock(block: Uint8Array, waitNs: number, rate: BitRate = 1): Work<Uint8Array | 'silence' | 'damaged'> {
    const answer = yield* this.exchange(standardFrame(withCrcA(block), rate), waitNs);
    if (answer === 'silence' || answer === 'damaged') return answer;
    if (answer.bits % 8 !== 0 || !endsInCrcA(answer.bytes)) return 'damaged';
    return answer.bytes.subarray(0, answer.bytes.length - 2);
  }

  /**
   * Selects one card.
   * @param wanted only the card with this identifier, woken from HALT as well; null for any that is not halted
   */
  *select(wanted: Uint8Array | null = null): Work<SelectedCard | null> {
    const request: AirFrame = { bytes: Uint8Array.of(wanted === null ? REQA : WUPA), bits: 7, rate: 1 };
    const atqa = yield* this.exchange(request, REQUEST_WAIT_NS);
    if (typeof atqa === 'string') return null;
    const uid: number[] = [];
    for (let level = 0; level < SEL.length; level++) {
      const own = wanted === null ? null : cascadePart(wanted, level);
      const part = own ?? (yield* this.#anticollision(SEL[level]!));
      if (part === null) return null;
      const sak = yield* this.exchangeBlock(Uint8Array.of(SEL[level]!, 0x70, ...part), REQUEST_WAIT_NS);
      if (typeof sak === 'string' || sak.length !== 1) return null;
      const more = (sak[0]! & CASCADE_BIT) !== 0;
      uid.push(...part.subarray(more && part[0] === CASCADE_TAG ? 1 : 0, 4));
      if (!more) return { atqa: copyBytes(atqa.bytes, 0, 2), uid: Uint8Array.from(uid), sak: sak[0]! };
    }
    return null;
  }

  /** @returns four bytes and BCC of one card, or null. Where cards differ, the one with a 1 is followed. */
  *#anticollision(sel: number): Work<Uint8Array | null> {
    const known: number[] = [];
    for (let round = 0; round < 32; round++) {
      const bits = 16 + known.length;
      const bytes = new Uint8Array(Math.ceil(bits / 8));
      bytes[0] = sel;
      bytes[1] = (Math.floor(bits / 8) << 4) | (bits % 8);
      for (const [i, bit] of known.entries()) bytes[(16 + i) >> 3]! |= bit << ((16 + i) & 7);
      const answer = yield* this.exchange({ bytes, bits, rate: 1 }, REQUEST_WAIT_NS);
      if (typeof answer === 'string') return null;
      const good = answer.collisionAt ?? answer.bits;
      for (let bit = 0; bit < good && known.length < UID_COMPLETE; bit++) known.push(bitOf(answer, bit));
      if (answer.collisionAt !== undefined) known.push(1);
      if (known.length >= UID_COMPLETE) break;
    }
    if (known.length !== UID_COMPLETE) return null;
    const part = new Uint8Array(5);
    for (const [i, bit] of known.entries()) part[i >> 3]! |= bit << (i & 7);
    return part.reduce((bcc, byte) => bcc ^ byte, 0) === 0 ? part : null;
  }
}

/** 256 bytes at 106 kbit/s: an answer that has begun is heard to its end. */
const LONGEST_ANSWER_NS = 22_000_000;

/** What the card of this identifier shows at a level, BCC included. */
function cascadePart(uid: Uint8Array, level: number): Uint8Array | null {
  const at = level * 3;
  const last = uid.length - at === 4;
  const four = last ? uid.subarray(at, at + 4) : Uint8Array.of(CASCADE_TAG, ...uid.subarray(at, at + 3));
  if (four.length < 4 || at >= uid.length) return null;
  return Uint8Array.of(
    ...four,
    four.reduce((bcc, byte) => bcc ^ byte, 0),
  );
}
