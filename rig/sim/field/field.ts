import type { BitRate } from '../../../src/iso-dep/bit-rate.ts';
import type { Timeline } from '../timeline.ts';
import { airNs } from './air-time.ts';

/** What is sent on air in one go, its CRC included where it has one. */
export interface AirFrame {
  /** The first bit is the lowest of the first byte. */
  readonly bytes: Uint8Array;
  /** How many bits count: 7 for a short frame, 8 a byte for a standard one. */
  readonly bits: number;
  /** Times 106 kbit/s: 1, 2 or 4. */
  readonly rate: BitRate;
  /** Its parity is wrong; set on the way. */
  readonly damaged?: boolean;
  /** The first bit on which several cards answered differently; set on the way. */
  readonly collisionAt?: number;
}

/** What stands in the field: a reader while its own carrier is on, else perhaps a card. */
export interface Antenna {
  readonly name: string;
  /** The field of another antenna came or went. */
  fieldChanged(on: boolean): void;
  /** A frame begins that `heard` will be told of; only for readers. */
  hears?(): void;
  /** At the end of the frame. */
  heard(frame: AirFrame, fromReader: boolean): void;
}

/** Changes or swallows (null) what an antenna sends. */
export type AirFault = (frame: AirFrame) => AirFrame | null;

export type FieldEvent =
  | { readonly type: 'field-on' | 'field-off'; readonly atNs: number; readonly antenna: string }
  | {
      readonly type: 'frame';
      readonly atNs: number;
      readonly antenna: string;
      readonly fromReader: boolean;
      readonly frame: AirFrame;
      readonly lost: boolean;
    };

interface Answer {
  readonly startNs: number;
  readonly endNs: number;
  frame: AirFrame;
}

/** The field between antennas: who hears whom, and when. One bit rate holds for a direction at a time. */
export class Field {
  readonly #timeline: Timeline;
  readonly #places: FieldPlace[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #listeners = new Set<(event: FieldEvent) => void>();
  readonly #highestRate: BitRate;
  #answer: Answer | null = null;

  /** @param highestRate faster frames are heard by nobody */
  constructor(timeline: Timeline, highestRate: BitRate = 4) {
    this.#timeline = timeline;
    this.#highestRate = highestRate;
  }

  /** @returns the antenna's place, from which it sends */
  join(antenna: Antenna): FieldPlace {
    const place = new FieldPlace(this, antenna);
    this.#places.push(place);
    this.changed();
    return place;
  }

  leave(place: FieldPlace): void {
    place.setCarrier(false);
    const at = this.#places.indexOf(place);
    if (at >= 0) this.#places.splice(at, 1);
    this.changed();
  }

  onEvent(listener: (event: FieldEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls once, when a card may have come or gone since. @returns takes it back */
  onceChanged(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  /** A card may have come or gone. */
  changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** Whether `place` stands in a field that is not its own. */
  reaches(place: FieldPlace): boolean {
    return this.#places.some((other) => other !== place && other.reaching);
  }

  carrierChanged(place: FieldPlace, on: boolean, before: readonly FieldPlace[]): void {
    this.#tell({ type: on ? 'field-on' : 'field-off', atNs: this.#timeline.nowNs(), antenna: place.antenna.name });
    for (const other of this.#others(place)) {
      const now = this.reaches(other);
      if (now !== before.includes(other)) other.antenna.fieldChanged(now);
    }
  }

  /** The places that stand in a field of others. */
  reached(): FieldPlace[] {
    return this.#places.filter((place) => this.reaches(place));
  }

  /** @returns how long it is on air, in nanoseconds */
  send(from: FieldPlace, sent: AirFrame): number {
    const fromReader = from.carrier;
    const carried = sent.rate > this.#highestRate ? null : sent;
    const frame = carried === null || from.fault === null ? carried : from.fault(carried);
    const startNs = this.#timeline.nowNs();
    const lastsNs = airNs(sent.bits, sent.rate, fromReader ? 'to-card' : 'to-reader');
    const event = { type: 'frame', atNs: startNs, antenna: from.antenna.name, fromReader } as const;
    this.#tell({ ...event, frame: frame ?? sent, lost: frame === null });
    if (frame === null) return lastsNs;
    if (fromReader) {
      if (from.reaching) this.#timeline.after(lastsNs, () => this.#deliver(from, frame, true));
      return lastsNs;
    }
    this.#answered(from, frame, startNs, startNs + lastsNs);
    return lastsNs;
  }

  /** Cards that answer at the same time are heard as one, with a collision where they differ. */
  #answered(from: FieldPlace, frame: AirFrame, startNs: number, endNs: number): void {
    const other = this.#answer;
    if (other !== null && startNs < other.endNs) {
      other.frame = startNs === other.startNs ? merged(other.frame, frame) : { ...other.frame, damaged: true };
      return;
    }
    const answer: Answer = { startNs, endNs, frame };
    this.#answer = answer;
    for (const reader of this.#others(from)) if (reader.carrier) reader.antenna.hears?.();
    this.#timeline.after(endNs - startNs, () => {
      if (this.#answer === answer) this.#answer = null;
      this.#deliver(from, answer.frame, false);
    });
  }

  #deliver(from: FieldPlace, frame: AirFrame, fromReader: boolean): void {
    for (const other of this.#others(from)) {
      // A reader hears cards, a card hears readers.
      if (other.carrier !== fromReader) other.antenna.heard(frame, fromReader);
    }
  }

  #others(place: FieldPlace): FieldPlace[] {
    return this.#places.filter((other) => other !== place);
  }

  #tell(event: FieldEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Where one antenna stands. */
export class FieldPlace {
  readonly antenna: Antenna;
  /** What happens to frames that it sends. */
  fault: AirFault | null = null;
  readonly #field: Field;
  #carrier = false;
  #strong = true;

  constructor(field: Field, antenna: Antenna) {
    this.#field = field;
    this.antenna = antenna;
  }

  /** Its own field is on. */
  get carrier(): boolean {
    return this.#carrier;
  }

  /** Its field is on and strong enough to feed a card. */
  get reaching(): boolean {
    return this.#carrier && this.#strong;
  }

  get inForeignField(): boolean {
    return this.#field.reaches(this);
  }

  /** @param strong whether a card nearby is fed by it */
  setCarrier(on: boolean, strong = true): void {
    if (on === this.#carrier && strong === this.#strong) return;
    const before = this.#field.reached();
    this.#carrier = on;
    this.#strong = strong;
    this.#field.carrierChanged(this, on, before);
  }

  /** Sends as a reader while its carrier is on, else as a card. @returns nanoseconds on air */
  send(frame: AirFrame): number {
    return this.#field.send(this, frame);
  }

  /** Says that a card may be here that was not, or the other way. */
  changed(): void {
    this.#field.changed();
  }

  onceChanged(wake: () => void): () => void {
    return this.#field.onceChanged(wake);
  }
}

function merged(one: AirFrame, two: AirFrame): AirFrame {
  const bits = Math.max(one.bits, two.bits);
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  let collisionAt = one.collisionAt ?? bits;
  for (let bit = 0; bit < bits; bit++) {
    const [a, b] = [bitOf(one, bit), bitOf(two, bit)];
    if (a !== b && bit < collisionAt) collisionAt = bit;
    if (a === 1 || b === 1) bytes[bit >> 3]! |= 1 << (bit & 7);
  }
  return collisionAt === bits ? { ...one, bytes, bits } : { ...one, bytes, bits, collisionAt };
}

/** -1 past the end. */
export function bitOf(frame: AirFrame, bit: number): number {
  return bit < frame.bits ? (frame.bytes[bit >> 3]! >> (bit & 7)) & 1 : -1;
}
