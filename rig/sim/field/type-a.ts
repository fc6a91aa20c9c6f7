import type { BitRate } from '../../../src/iso-dep/bit-rate.ts';
import { endsInCrcA, withCrcA } from '../../../src/iso-dep/crc-a.ts';
import { type AirFrame, bitOf } from './field.ts';

/** What a type A card shows before it is selected. */
export interface TypeAIdentity {
  /** As on air: the low byte first. */
  readonly atqa: Uint8Array;
  /** 4, 7 or 10 bytes. */
  readonly uid: Uint8Array;
  /** SAK of the last cascade level. */
  readonly sak: number;
}

/** ISO/IEC 14443-3 type A. `ready*` and `active*` are those reached from `halt`. */
export type TypeAState = 'off' | 'idle' | 'ready' | 'active' | 'halt' | 'ready*' | 'active*' | 'protocol';

/** `silent`: nothing is said. `above`: the card is selected and the frame is for what lies above. */
export type TypeAAnswer = AirFrame | 'silent' | 'above';

const REQA = 0x26;
const WUPA = 0x52;
const HLTA = 0x50;
/** SEL of the three cascade levels. */
const SEL: readonly number[] = [0x93, 0x95, 0x97];
const CASCADE_TAG = 0x88;
const CASCADE_BIT = 0x04;

/** The states of a type A card up to its selection. */
export class TypeAStates {
  readonly #identity: TypeAIdentity;
  readonly #levels: readonly Uint8Array[];
  #state: TypeAState = 'off';
  #level = 0;

  constructor(identity: TypeAIdentity) {
    this.#identity = identity;
    this.#levels = cascadeLevels(identity.uid);
  }

  get state(): TypeAState {
    return this.#state;
  }

  power(on: boolean): void {
    this.#state = on ? 'idle' : 'off';
  }

  /** RATS was answered. */
  enterProtocol(): void {
    this.#state = 'protocol';
  }

  /** HLTA or S(DESELECT) was taken. */
  halt(): void {
    this.#state = 'halt';
  }

  receive(frame: AirFrame): TypeAAnswer {
    if (this.#state === 'protocol') return 'above';
    if (this.#state === 'off' || frame.rate !== 1) return 'silent';
    if (frame.damaged === true) return this.#mistake();
    if (frame.bits === 7) return this.#shortFrame(frame.bytes[0]! & 0x7f);
    if (this.#state === 'active' || this.#state === 'active*') {
      const halting = frame.bytes[0] === HLTA && frame.bytes[1] === 0x00 && endsInCrcA(frame.bytes);
      if (!halting || frame.bits !== 32) return 'above';
      this.halt();
      return 'silent';
    }
    return this.#state === 'ready' || this.#state === 'ready*' ? this.#anticollision(frame) : 'silent';
  }

  #shortFrame(command: number): TypeAAnswer {
    const wakes = command === WUPA && (this.#state === 'idle' || this.#state === 'halt');
    if (!(wakes || (command === REQA && this.#state === 'idle'))) return this.#mistake();
    this.#state = this.#state === 'halt' ? 'ready*' : 'ready';
    this.#level = 0;
    return { bytes: this.#identity.atqa, bits: 16, rate: 1 };
  }

  #anticollision(frame: AirFrame): TypeAAnswer {
    const own = this.#levels[this.#level]!;
    const valid = Math.trunc(frame.bytes[1]! >> 4) * 8 + (frame.bytes[1]! & 0x07);
    if (frame.bytes[0] !== SEL[this.#level] || frame.bits < 16) return this.#mistake();
    if (frame.bytes[1] === 0x70) return this.#select(frame, own);
    // NVB counts SEL and itself.
    const known = valid - 16;
    if (known < 0 || known >= 40 || frame.bits !== valid) return this.#mistake();
    const whole: AirFrame = { bytes: own, bits: 40, rate: 1 };
    for (let bit = 0; bit < known; bit++) {
      if (bitOf(frame, 16 + bit) !== bitOf(whole, bit)) return this.#mistake();
    }
    const bytes = new Uint8Array(Math.ceil((40 - known) / 8));
    for (let bit = known; bit < 40; bit++) {
      if (bitOf(whole, bit) === 1) bytes[(bit - known) >> 3]! |= 1 << ((bit - known) & 7);
    }
    return { bytes, bits: 40 - known, rate: 1 };
  }

  #select(frame: AirFrame, own: Uint8Array): TypeAAnswer {
    if (!endsInCrcA(frame.bytes) || frame.bits !== 72) return this.#mistake();
    if (own.some((byte, i) => byte !== frame.bytes[2 + i])) return this.#mistake();
    const last = this.#level === this.#levels.length - 1;
    if (last) this.#state = this.#state === 'ready*' ? 'active*' : 'active';
    else this.#level++;
    const sak = last ? this.#identity.sak & ~CASCADE_BIT : CASCADE_BIT;
    return standardFrame(withCrcA(Uint8Array.of(sak)));
  }

  /** Anything unexpected sends a card back to where it came from. */
  #mistake(): 'silent' {
    if (this.#state.endsWith('*') || this.#state === 'halt') this.#state = 'halt';
    else this.#state = 'idle';
    return 'silent';
  }
}

/** Whole bytes. */
export function standardFrame(bytes: Uint8Array, rate: BitRate = 1): AirFrame {
  return { bytes, bits: bytes.length * 8, rate };
}

/** What is shown at each cascade level, BCC included. */
function cascadeLevels(uid: Uint8Array): Uint8Array[] {
  if (uid.length !== 4 && uid.length !== 7 && uid.length !== 10) {
    throw new RangeError(`a type A identifier has 4, 7 or 10 bytes, not ${uid.length}`);
  }
  const levels: Uint8Array[] = [];
  for (let at = 0; at < uid.length; ) {
    const last = uid.length - at === 4;
    const four = last ? [...uid.subarray(at, at + 4)] : [CASCADE_TAG, ...uid.subarray(at, at + 3)];
    levels.push(
      Uint8Array.of(
        ...four,
        four.reduce((bcc, byte) => bcc ^ byte, 0),
      ),
    );
    at += last ? 4 : 3;
  }
  return levels;
}
