import type { DirectCard } from '../direct-session.ts';
import { HalError } from '../errors.ts';
import { atrOfAts } from './answer-to-reset.ts';
import type { ChipData, Pn532 } from './chip.ts';
import { LARGEST_DATA } from './codes.ts';
import { Pn532StatusError } from './status.ts';
import { pause, type Timers } from './transport.ts';
import type { TypeATarget } from './type-a-target.ts';

/** Long enough for any card to forget what it was doing. */
const FIELD_OFF_MS = 10;
/** A card may stay away for this many looks when it is powered on again: about a second, for a card whose host is late. */
const LOOKS_AFTER_RESET = 20;
/** The command code and the target's number, and the response code and the status. */
const OVERHEAD = 2;

/** An ISO/IEC 14443-4 card that the chip has activated. */
export class ActivatedCard implements DirectCard {
  readonly #chip: Pn532;
  readonly #reader: string;
  readonly #timers: Timers;
  readonly #largestPart: number;
  #target: TypeATarget;
  #atr: Uint8Array;
  /** An APDU was not carried to its end: the card would take the next for its continuation, or answer with its rest. */
  #cut = false;

  constructor(chip: Pn532, target: TypeATarget, atr: Uint8Array, reader: string, timers: Timers) {
    this.#chip = chip;
    this.#target = target;
    this.#atr = atr;
    this.#reader = reader;
    this.#timers = timers;
    this.#largestPart = Math.min(LARGEST_DATA, chip.transport.largestCommand - OVERHEAD);
  }

  get atr(): Uint8Array {
    return this.#atr;
  }

  /** Whether nothing is carried any more until a reset. */
  get cut(): boolean {
    return this.#cut;
  }

  isPresent(): Promise<boolean> {
    return this.#chip.diagnosePresence();
  }

  /** One command, one response, each in as many parts as the chip's buffer makes of it. */
  async transmit(command: Uint8Array): Promise<Uint8Array> {
    if (this.#cut) {
      const words = `the exchange before was cut off in the middle: reset the card on "${this.#reader}"`;
      throw new HalError('protocol', words);
    }
    this.#cut = true;
    const response = await this.#carry(command);
    this.#cut = false;
    return this.#whole(response);
  }

  async #carry(command: Uint8Array): Promise<Uint8Array> {
    const { number } = this.#target;
    let at = 0;
    for (; command.length - at > this.#largestPart; at += this.#largestPart) {
      await this.#checked(await this.#chip.inDataExchange(number, command.subarray(at, at + this.#largestPart), true));
    }
    let part = await this.#chip.inDataExchange(number, command.subarray(at));
    // The chip had the command whole, and has nothing of a response.
    if (part.status !== 0 && at === 0) this.#cut = false;
    await this.#checked(part);
    if (!part.more) return part.data;
    const parts = [part.data];
    while (part.more) {
      part = await this.#checked(await this.#chip.inDataExchange(number, NOTHING));
      parts.push(part.data);
    }
    const response = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let to = 0;
    for (const each of parts) {
      response.set(each, to);
      to += each.length;
    }
    return response;
  }

  /** `warm`: S(DESELECT), and the card is activated again. `cold`: without field for a moment. */
  async reset(mode: 'warm' | 'cold'): Promise<void> {
    if (mode === 'warm' && (await this.#reselect())) {
      this.#cut = false;
      return;
    }
    for (let look = 0; look < LOOKS_AFTER_RESET; look++) {
      // Off before each look: a card that was found and not heard of speaks blocks, and answers no request.
      await this.powerOff();
      await pause(this.#timers, FIELD_OFF_MS);
      const [target] = await this.#chip.listTypeA();
      if (target?.ats != null) {
        this.#target = target;
        this.#atr = atrOfAts(target.ats);
        this.#cut = false;
        return;
      }
    }
    throw this.#removed();
  }

  powerOff(): Promise<void> {
    return this.#chip.rfField(false);
  }

  /** @returns false when the chip or the card would not: then only the field helps */
  async #reselect(): Promise<boolean> {
    try {
      await this.#chip.inDeselect(this.#target.number);
      await this.#chip.inSelect(this.#target.number);
      return true;
    } catch (error) {
      if (error instanceof Pn532StatusError) return false;
      throw error;
    }
  }

  async #checked(part: ChipData): Promise<ChipData> {
    if (part.status === 0) return part;
    if (!(await this.isPresent())) throw this.#removed();
    throw new Pn532StatusError(part.status, 'InDataExchange', this.#reader);
  }

  #whole(response: Uint8Array): Uint8Array {
    if (response.length < 2) throw new HalError('protocol', `the card on "${this.#reader}" gave no status word`);
    return response;
  }

  #removed(): HalError {
    return new HalError('card-removed', `the card was taken off "${this.#reader}"`);
  }
}

const NOTHING = new Uint8Array(0);
