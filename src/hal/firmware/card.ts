import type { DirectCard } from '../direct-session.ts';
import type { FirmwareWire } from './wire.ts';

/** The card in a board's firmware, over its wire. */
export class FirmwareCard implements DirectCard {
  readonly #wire: FirmwareWire;
  #atr: Uint8Array;

  constructor(wire: FirmwareWire, atr: Uint8Array) {
    this.#wire = wire;
    this.#atr = atr;
  }

  get atr(): Uint8Array {
    return this.#atr;
  }

  transmit(command: Uint8Array): Promise<Uint8Array> {
    return this.#wire.transmit(command);
  }

  async reset(mode: 'warm' | 'cold'): Promise<void> {
    if (mode === 'warm') await this.#wire.reset();
    else {
      await this.#wire.powerOff();
      await this.#wire.powerOn();
    }
    this.#atr = await this.#wire.atr();
  }

  powerOff(): Promise<void> {
    return this.#wire.powerOff();
  }
}
