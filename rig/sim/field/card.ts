import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { LinkedCard } from '../../../src/hal/card-link.ts';
import { IsoDepCard, type IsoDepCardOptions } from '../../../src/iso-dep/card.ts';
import { endsInCrcA, withCrcA } from '../../../src/iso-dep/crc-a.ts';
import type { Timeline } from '../timeline.ts';
import { answerDelayNs } from './air-time.ts';
import { type AirFrame, type Antenna, bitOf, type Field, type FieldPlace } from './field.ts';
import { standardFrame, type TypeAIdentity, TypeAStates } from './type-a.ts';

export interface FieldCardOptions {
  readonly name?: string;
  readonly identity?: Partial<TypeAIdentity>;
  readonly isoDep: IsoDepCardOptions;
  /** Whether it can be reached at once; true by default. */
  readonly inserted?: boolean;
}

const DEFAULT_IDENTITY: TypeAIdentity = {
  atqa: Uint8Array.of(0x44, 0x03),
  uid: Uint8Array.of(0x04, 0x56, 0x49, 0x54, 0x41, 0x50, 0x80),
  sak: 0x20,
};

/** A whole type A card in the field, apart from any PN532: anticollision, ISO/IEC 14443-4, and behind it any card of ours. */
export class FieldCard implements Antenna {
  readonly name: string;
  readonly #timeline: Timeline;
  readonly #field: Field;
  readonly #typeA: TypeAStates;
  readonly #isoDep: IsoDepCard;
  #place: FieldPlace | null = null;

  constructor(timeline: Timeline, field: Field, card: LinkedCard, options: FieldCardOptions) {
    this.name = options.name ?? 'card';
    this.#timeline = timeline;
    this.#field = field;
    this.#typeA = new TypeAStates({ ...DEFAULT_IDENTITY, ...options.identity });
    this.#isoDep = new IsoDepCard(card, options.isoDep);
    if (options.inserted !== false) this.insert();
  }

  /** Into the field. */
  insert(): void {
    if (this.#place !== null) return;
    this.#place = this.#field.join(this);
    if (this.#place.inForeignField) this.fieldChanged(true);
  }

  /** Out of the field. */
  remove(): void {
    const place = this.#place;
    if (place === null) return;
    this.#place = null;
    this.fieldChanged(false);
    this.#field.leave(place);
  }

  fieldChanged(on: boolean): void {
    this.#typeA.power(on);
    if (!on) this.#isoDep.fieldOff();
  }

  heard(frame: AirFrame, fromReader: boolean): void {
    if (!fromReader) return;
    const answer = this.#typeA.receive(frame);
    if (answer === 'silent') return;
    if (answer !== 'above') {
      this.#send(answer, frame);
      return;
    }
    if (frame.damaged === true || frame.bits % 8 !== 0 || !endsInCrcA(frame.bytes)) {
      this.#isoDep.damaged();
      return;
    }
    const rate = this.#isoDep.toCardRate;
    if (this.#typeA.state === 'protocol' && frame.rate !== rate) return;
    if (this.#typeA.state !== 'protocol') this.#isoDep.start();
    const length = this.#isoDep.receive(frame.bytes, 0, frame.bytes.length - 2);
    if (length === 0) {
      if (this.#isoDep.state === 'halted') this.#typeA.halt();
      return;
    }
    const block = copyBytes(this.#isoDep.frame, 0, length);
    if (this.#typeA.state !== 'protocol' && this.#isoDep.state === 'answered') this.#typeA.enterProtocol();
    this.#send(standardFrame(withCrcA(block), this.#isoDep.toReaderRate), frame);
    if (this.#isoDep.state === 'halted') this.#typeA.halt();
  }

  #send(answer: AirFrame, asked: AirFrame): void {
    const lastBit = bitOf(asked, asked.bits - 1) === 1 ? 1 : 0;
    const place = this.#place;
    this.#timeline.after(answerDelayNs(asked.rate, lastBit), () => {
      if (place !== null && place === this.#place && place.inForeignField) place.send(answer);
    });
  }
}
