import type { Clock } from '../hal/clock.ts';

/**
 * The holder's side of a card in a phone: unlocking opens a presentation window, which closes by time, by use, or
 * when the holder locks. It lives in RAM: a card that loses power is locked.
 *
 * A use is one presentation, not one command: everything that one reader reads between activation and deselect,
 * reset or loss of field.
 */
export class Holder {
  readonly #clock: Clock;
  readonly #windowNs: number;
  readonly #uses: number;
  #closesAtNs = 0;
  #usesLeft = 0;

  /** @param windowSeconds 0 for a card without a holder's side: its window never opens */
  constructor(clock: Clock, windowSeconds: number, uses: number) {
    this.#clock = clock;
    this.#windowNs = windowSeconds * 1_000_000_000;
    this.#uses = uses;
  }

  /** Whether the card has a holder's side at all. */
  get present(): boolean {
    return this.#windowNs > 0;
  }

  /** Opens the window anew: full time, all uses. */
  open(): void {
    if (!this.present) return;
    this.#closesAtNs = this.#clock.nowNs() + this.#windowNs;
    this.#usesLeft = this.#uses;
  }

  isOpen(): boolean {
    if (this.#usesLeft === 0) return false;
    if (this.#clock.nowNs() < this.#closesAtNs) return true;
    this.#usesLeft = 0;
    return false;
  }

  /** Milliseconds until the window closes by time, 0 when it is closed. */
  remainingMs(): number {
    return this.isOpen() ? Math.ceil((this.#closesAtNs - this.#clock.nowNs()) / 1_000_000) : 0;
  }

  get usesLeft(): number {
    return this.isOpen() ? this.#usesLeft : 0;
  }

  /** One presentation is over. */
  consumeUse(): void {
    if (this.#usesLeft > 0) this.#usesLeft--;
  }

  lock(): void {
    this.#usesLeft = 0;
  }
}
