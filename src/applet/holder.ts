import type { Clock } from '../hal/clock.ts';

/** One interface's part in a presentation window: which window it has been given an answer in, 0 for none. */
export interface Presentation {
  window: number;
}

/**
 * The holder's side of a card in a phone: unlocking opens a presentation window, which closes by time, by use, or
 * when the holder locks. It lives in RAM: a card that loses power is locked.
 *
 * A use is one presentation, not one command: everything that one reader is given between activation and deselect,
 * reset or loss of field. It is charged with the first answer that is given because the window is open.
 */
export class Holder {
  readonly #clock: Clock;
  readonly #windowNs: number;
  readonly #uses: number;
  #closesAtNs = 0;
  #usesLeft = 0;
  /** Code that opened the window, as its slot; -1 while it is closed. */
  #slot = -1;
  /** Windows opened so far: names the one that is open. */
  #window = 0;

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

  /** Opens the window anew: full time, all uses. @param slot of the code that was typed: the window is for its files */
  open(slot: number): void {
    if (!this.present) return;
    this.#closesAtNs = this.#clock.nowNs() + this.#windowNs;
    this.#usesLeft = this.#uses;
    this.#slot = slot;
    this.#window++;
  }

  /** Whether a presentation can begin now. */
  isOpen(): boolean {
    return this.#usesLeft > 0 && this.#inTime();
  }

  /** Whether an interface may be given what the code guards: a presentation that has begun goes on until its end. */
  admits(slot: number, presentation: Presentation): boolean {
    if (slot !== this.#slot || !this.#inTime()) return false;
    return this.#usesLeft > 0 || presentation.window === this.#window;
  }

  /** An answer was given because of the window: its first one to this interface is a use. */
  charge(presentation: Presentation): void {
    if (presentation.window === this.#window) return;
    presentation.window = this.#window;
    this.#usesLeft--;
  }

  /** Milliseconds until the window closes by time, 0 when it is closed. */
  remainingMs(): number {
    return this.isOpen() ? Math.ceil((this.#closesAtNs - this.#clock.nowNs()) / 1_000_000) : 0;
  }

  get usesLeft(): number {
    return this.isOpen() ? this.#usesLeft : 0;
  }

  lock(): void {
    this.#usesLeft = 0;
    this.#slot = -1;
  }

  #inTime(): boolean {
    if (this.#slot < 0) return false;
    if (this.#clock.nowNs() < this.#closesAtNs) return true;
    this.lock();
    return false;
  }
}
