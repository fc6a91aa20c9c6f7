import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import type { BitRate } from '../../../src/iso-dep/bit-rate.ts';
import { endsInCrcA, withCrcA } from '../../../src/iso-dep/crc-a.ts';
import { airNs, answerDelayNs } from '../field/air-time.ts';
import { type AirFrame, bitOf, type FieldPlace } from '../field/field.ts';
import { standardFrame, TypeAStates } from '../field/type-a.ts';
import type { Timeline } from '../timeline.ts';
import { Picc } from './picc.ts';
import type { Registers } from './registers.ts';

/** What TgInitAsTarget asked for. */
export interface TargetConfiguration {
  /** As on air: the low byte first. */
  readonly atqa: Uint8Array;
  /** The three bytes after 08. */
  readonly uidRest: Uint8Array;
  readonly selRes: number;
  readonly historical: Uint8Array;
  /** The chip speaks ISO/IEC 14443-4 itself. */
  readonly picc: boolean;
  /** Nothing but RATS gets past the selection. */
  readonly onlyRats: boolean;
  readonly asksForTime: boolean;
}

/**
 * `none`: never a card, or no longer. `listening`: waits to be selected. `activated`. `deselected`, `released`: the
 * reader said good-bye, or its field went.
 */
export type TargetState = 'none' | 'listening' | 'activated' | 'deselected' | 'released';

const ISO_DEP_BIT = 0x20;

/** The chip as a card. */
export class Target {
  readonly #timeline: Timeline;
  readonly #place: FieldPlace;
  readonly #registers: Registers;
  #configuration: TargetConfiguration | null = null;
  #typeA: TypeAStates | null = null;
  #picc: Picc | null = null;
  #state: TargetState = 'none';
  #fifo: AirFrame | null = null;
  #sending: (() => void) | null = null;
  readonly #wake = new Set<() => void>();
  #firstFrame: Uint8Array = new Uint8Array(0);
  #lastBit: 0 | 1 = 0;
  /** A host command waits for a frame: without one, a frame lies in the FIFO, or is lost where `deafInGaps`. */
  hostListens = false;
  deafInGaps = false;

  constructor(timeline: Timeline, place: FieldPlace, registers: Registers) {
    this.#timeline = timeline;
    this.#place = place;
    this.#registers = registers;
  }

  get state(): TargetState {
    return this.#state;
  }

  /** The chip's own protocol, while it is activated with it. */
  get picc(): Picc | null {
    return this.#picc;
  }

  get speaksIsoDep(): boolean {
    return this.#configuration?.picc === true;
  }

  /** What the reader sent first after the selection, without CRC. */
  get firstFrame(): Uint8Array {
    return this.#firstFrame;
  }

  listen(configuration: TargetConfiguration): void {
    this.end();
    this.#configuration = configuration;
    this.#typeA = new TypeAStates({
      atqa: configuration.atqa,
      uid: Uint8Array.of(0x08, ...configuration.uidRest),
      sak: configuration.selRes,
    });
    this.#state = 'listening';
    if (this.#place.inForeignField) this.#typeA.power(true);
    this.#place.changed();
  }

  /** No longer a card. */
  end(): void {
    this.#drop('none');
  }

  onceChanged(wake: () => void): () => void {
    this.#wake.add(wake);
    return () => this.#wake.delete(wake);
  }

  fieldChanged(on: boolean): void {
    if (this.#state === 'listening') this.#typeA?.power(on);
    else if (this.#state === 'activated' && !on) this.#drop('released');
  }

  heard(frame: AirFrame): void {
    if (this.#state !== 'listening' && this.#state !== 'activated') return;
    this.#lastBit = bitOf(frame, frame.bits - 1) === 1 ? 1 : 0;
    const answer = this.#typeA!.receive(frame);
    if (answer === 'silent') return;
    if (answer !== 'above') {
      this.#send(answer);
      return;
    }
    if (this.#configuration!.picc) this.#toPicc(frame);
    else this.#toHost(frame);
  }

  /** A frame of the reader for the host, without CRC where the chip checks it; null while there is none. */
  takeFrame(): AirFrame | null {
    const frame = this.#fifo;
    this.#fifo = null;
    return frame;
  }

  /** Sends the host's own frame. @returns when it has left, in nanoseconds from now */
  sendRaw(bytes: Uint8Array): number {
    const bits = this.#registers.addsCrc ? null : this.#registers.lastBitsToSend;
    const whole = bits === null ? withCrcA(bytes) : bytes;
    return this.#send({ bytes: whole, bits: whole.length * 8 - (8 - (bits ?? 8)), rate: 1 });
  }

  /** Makes the next TgGetData or TgGetInitiatorCommand say that the reader has left. */
  forceRelease(): void {
    if (this.#state === 'activated') this.#drop('released');
  }

  #toPicc(frame: AirFrame): void {
    if (frame.damaged === true || !endsInCrcA(frame.bytes) || frame.bits % 8 !== 0) return;
    const bytes = frame.bytes.subarray(0, frame.bytes.length - 2);
    if (this.#picc !== null) {
      if (frame.rate !== this.#picc.toCard) return;
      this.#picc.receive(bytes);
      if (this.#picc.deselected) this.#drop('deselected');
      return;
    }
    const surroundings = {
      send: (block: Uint8Array, rate: BitRate) => this.#send(standardFrame(withCrcA(block), rate)),
      changed: () => this.#changed(),
    };
    const { historical, asksForTime } = this.#configuration!;
    const picc = new Picc(this.#timeline, surroundings, historical, asksForTime);
    if (!picc.activate(bytes)) return;
    this.#picc = picc;
    this.#typeA!.enterProtocol();
    this.#activated(bytes);
  }

  #toHost(frame: AirFrame): void {
    const bytes = this.#registers.checksCrc && endsInCrcA(frame.bytes) ? copyBytes(frame.bytes, 0, -2) : frame.bytes;
    if (this.#state === 'listening') {
      if (frame.damaged === true || (this.#registers.checksCrc && bytes === frame.bytes)) return;
      if (this.#configuration!.onlyRats && bytes[0] !== 0xe0) return;
      // From here on every frame is the host's, HLTA as well.
      this.#typeA!.enterProtocol();
      this.#activated(copyBytes(bytes));
      return;
    }
    if (!this.hostListens && this.deafInGaps) return;
    const damaged = frame.damaged === true || (this.#registers.checksCrc && bytes === frame.bytes);
    this.#fifo = { ...frame, bytes, bits: frame.bits - (frame.bytes.length - bytes.length) * 8, damaged };
    this.#changed();
  }

  #activated(firstFrame: Uint8Array): void {
    this.#firstFrame = copyBytes(firstFrame);
    this.#state = 'activated';
    this.#changed();
  }

  #send(frame: AirFrame): number {
    const delayNs = answerDelayNs(this.#picc?.toCard ?? 1, this.#lastBit);
    this.#sending?.();
    this.#sending = this.#timeline.after(delayNs, () => {
      this.#sending = null;
      if (this.#place.inForeignField) this.#place.send(frame);
    });
    return delayNs + airNs(frame.bits, frame.rate, 'to-reader');
  }

  #drop(state: TargetState): void {
    this.#picc?.end();
    // An answer to S(DESELECT) still leaves.
    if (state !== 'deselected') {
      this.#sending?.();
      this.#sending = null;
    }
    this.#picc = null;
    this.#typeA?.power(false);
    this.#fifo = null;
    const before = this.#state;
    this.#state = state;
    if (before === 'listening') this.#place.changed();
    this.#changed();
  }

  #changed(): void {
    const waiting = [...this.#wake];
    this.#wake.clear();
    for (const wake of waiting) wake();
  }
}

/** Whether a card with this SEL_RES says that it speaks ISO/IEC 14443-4. */
export function saysIsoDep(selRes: number): boolean {
  return (selRes & ISO_DEP_BIT) !== 0;
}
