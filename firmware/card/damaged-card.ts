import type { LinkedCard } from '../../src/hal/card-link.ts';

/** ISO/IEC 7816-4: memory failure. */
const MEMORY_FAILURE: readonly number[] = [0x65, 0x81];
/** No historical bytes: there is nothing to say of this card. */
const ATR: readonly number[] = [0x3b, 0x80, 0x80, 0x01, 0x01];

/** Stands where the card would, on a board whose flash is damaged: every command is answered by 6581. */
export class DamagedCard implements LinkedCard {
  readonly response: Uint8Array = Uint8Array.from(MEMORY_FAILURE);

  atr(): Uint8Array {
    return Uint8Array.from(ATR);
  }

  powerOn(): void {}
  reset(): void {}
  fieldOff(): void {}
  deselect(): void {}

  process(): number {
    return this.response.length;
  }
}
