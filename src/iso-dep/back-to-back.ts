import { copyBytes } from '../apdu/copy-bytes.ts';
import type { IsoDepCard } from './card.ts';
import { appendCrcA, endsInCrcA } from './crc-a.ts';
import { CRC_LENGTH, LARGEST_FRAME } from './frame-size.ts';
import type { IsoDepReader, Step } from './reader.ts';
import { answerDelayCycles, type Direction, frameCycles } from './timing.ts';

/**
 * What becomes of a frame on its way. `late`, of a card's frame: it begins only after the reader has stopped waiting
 * and has sent again, which the card, still busy, does not hear. `stale`, of a card's frame: the one before it comes
 * once more in its place, as a relay might do.
 */
export type Fate = 'arrives' | 'lost' | 'late' | 'stale';

/** What lies between the antennas, for tests: without it, every frame arrives as it was sent. */
export interface Air {
  /** @param frame the frame with its CRC, its first `length` bytes; a bit that is changed here is changed on air */
  carry(frame: Uint8Array, length: number, direction: Direction): Fate;
}

/**
 * Reader and card in memory, with CRCs and carrier cycles of every frame, and no waiting. A frame sent at another rate
 * than the other side expects does not arrive.
 */
export class BackToBack {
  /** Time since the beginning. */
  cycles = 0;
  /** Frames sent by either side. */
  frames = 0;
  readonly #reader: IsoDepReader;
  readonly #card: IsoDepCard;
  readonly #air: Air | null;
  readonly #workCycles: () => number;
  readonly #onAir: Uint8Array = new Uint8Array(LARGEST_FRAME + CRC_LENGTH);
  /** The card's answer is still on its way: its length with CRC in `#lateFrame`, or 0. */
  #lateLength = 0;
  readonly #lateFrame: Uint8Array = new Uint8Array(LARGEST_FRAME + CRC_LENGTH);
  #previousLength = 0;
  readonly #previousFrame: Uint8Array = new Uint8Array(LARGEST_FRAME + CRC_LENGTH);

  /** @param workCycles what the card took for the frame that it just received, asked after each; default 0 */
  constructor(reader: IsoDepReader, card: IsoDepCard, air: Air | null = null, workCycles: () => number = noWork) {
    this.#reader = reader;
    this.#card = card;
    this.#air = air;
    this.#workCycles = workCycles;
  }

  /** Carries frames until the reader is through with what it began. */
  run(step: Step): 'done' | 'lost' {
    while (step === 'send') step = this.#pair();
    this.#lateLength = 0;
    return step;
  }

  #pair(): Step {
    const reader = this.#reader;
    const heard = this.#toCard();
    if (this.#lateLength > 0) {
      this.#onAir.set(this.#lateFrame);
      const length = this.#lateLength;
      this.#lateLength = 0;
      return this.#deliver(length);
    }
    const length = heard ? this.#answer() : 0;
    if (length > 0) return this.#deliver(length);
    this.cycles += reader.waitCycles;
    return reader.timedOut();
  }

  /** @returns whether the card got something, whole or damaged */
  #toCard(): boolean {
    const reader = this.#reader;
    const onAir = this.#onAir;
    const length = this.#put(reader.frame, reader.frameLength);
    this.cycles += reader.guardCycles + frameCycles(length, reader.toCardRate, 'to-card');
    const fate = this.#air === null ? 'arrives' : this.#air.carry(onAir, length, 'to-card');
    return fate === 'arrives' && this.#lateLength === 0 && reader.toCardRate === this.#card.toCardRate;
  }

  /** What the card makes of the frame on air. @returns length of its answer on air, with CRC; 0 when none is heard in time */
  #answer(): number {
    const card = this.#card;
    const reader = this.#reader;
    const onAir = this.#onAir;
    const asked = reader.frameLength;
    if (!endsInCrcA(onAir, 0, asked + CRC_LENGTH)) {
      card.damaged();
      return 0;
    }
    const lastBit = parityBit(onAir[asked + CRC_LENGTH - 1] as number);
    const answered = card.receive(onAir, 0, asked);
    if (answered === 0) return 0;
    let length = this.#put(card.frame, answered);
    const fate = this.#air === null ? 'arrives' : this.#air.carry(onAir, length, 'to-reader');
    if (fate === 'stale') length = this.#exchangeForPrevious(length);
    else if (this.#air !== null) this.#remember(length);
    if (fate === 'lost' || length === 0) return 0;
    const delay = answerDelayCycles(card.toReaderRate, this.#workCycles(), lastBit);
    if (fate === 'late' || delay > reader.waitCycles) {
      this.#lateFrame.set(onAir);
      this.#lateLength = length;
      return 0;
    }
    this.cycles += delay;
    return length;
  }

  #remember(length: number): void {
    this.#previousFrame.set(this.#onAir);
    this.#previousLength = length;
  }

  /** @returns length of the frame before, which is on air now; 0 when there is none */
  #exchangeForPrevious(length: number): number {
    const now = copyBytes(this.#onAir, 0, length);
    this.#onAir.set(this.#previousFrame);
    const previousLength = this.#previousLength;
    this.#previousFrame.set(now);
    this.#previousLength = length;
    return previousLength;
  }

  #deliver(length: number): Step {
    const reader = this.#reader;
    this.cycles += frameCycles(length, this.#card.toReaderRate, 'to-reader');
    const readable = reader.toReaderRate === this.#card.toReaderRate && endsInCrcA(this.#onAir, 0, length);
    return readable ? reader.received(this.#onAir, 0, length - CRC_LENGTH) : reader.damaged();
  }

  #put(frame: Uint8Array, length: number): number {
    const onAir = this.#onAir;
    for (let i = 0; i < length; i++) onAir[i] = frame[i] as number;
    this.frames++;
    return appendCrcA(onAir, length);
  }
}

/** The last bit of a frame is the parity bit of its last byte, which makes the number of ones odd. */
function parityBit(byte: number): 0 | 1 {
  let folded = byte ^ (byte >> 4);
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  return (folded & 1) === 1 ? 0 : 1;
}

function noWork(): number {
  return 0;
}
