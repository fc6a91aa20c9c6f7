import type { CardInterface, CardLink, LinkEvent, LinkedCard, LinkLimits } from '../card-link.ts';
import { HalError } from '../errors.ts';
import type { LoopbackSlot } from './slot.ts';

/** The card's side. Serving puts the card into the slot, stopping takes it out. */
export class LoopbackLink implements CardLink {
  readonly name: string;
  readonly interface: CardInterface;
  readonly limits: LinkLimits;
  #slot: LoopbackSlot;
  #finish: (() => void) | null = null;

  constructor(slot: LoopbackSlot, cardInterface: CardInterface) {
    this.#slot = slot;
    this.name = slot.name;
    this.interface = cardInterface;
    this.limits = slot.limits;
  }

  async serve(card: LinkedCard, onEvent?: (event: LinkEvent) => void): Promise<void> {
    if (this.#slot.occupied) throw new HalError('busy', `another card is in "${this.name}"`);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#finish = resolve;
        this.#slot.insert({ card, onEvent, onFault: reject });
      });
    } finally {
      this.#finish = null;
    }
  }

  stop(): void {
    this.#finish?.();
    this.#slot.remove();
  }
}
