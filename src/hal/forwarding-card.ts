import type { LinkedCard } from './card-link.ts';

/** Stands in for another card and hands every call on; a kind of it changes what it is there for. */
export abstract class ForwardingCard implements LinkedCard {
  /** The card that answers now. */
  protected abstract readonly card: LinkedCard;

  get response(): Uint8Array {
    return this.card.response;
  }

  atr(): Uint8Array {
    return this.card.atr();
  }

  powerOn(): void {
    this.card.powerOn();
  }

  reset(): void {
    this.card.reset();
  }

  fieldOff(): void {
    this.card.fieldOff();
  }

  deselect(): void {
    this.card.deselect();
  }

  process(command: Uint8Array, offset: number, length: number): number {
    return this.card.process(command, offset, length);
  }

  expectedMicroseconds(command: Uint8Array, offset: number, length: number): number {
    return this.card.expectedMicroseconds?.(command, offset, length) ?? 0;
  }
}
