import type { Losses } from '../stream.ts';

/** Cards of a log that are told apart; a log that names more is none. */
const MOST_CARDS = 1000;
/** What is listed for the cards that are not followed. */
const OTHERS = 'exchanges with other cards (--card chooses one)';

/** Which card of a log a trace is about. They are numbered in the order of their first commands, from 1. */
export class CardChoice {
  readonly #wanted: number;
  readonly #losses: Losses;
  readonly #numbers = new Map<string, number>();

  constructor(wanted: number, losses: Losses) {
    this.#wanted = wanted;
    this.#losses = losses;
  }

  /** Cards to which a command has gone. */
  get count(): number {
    return this.#numbers.size;
  }

  get wanted(): number {
    return this.#wanted;
  }

  /** A command goes to this card. @returns whether the trace is about it; if not the exchange is counted */
  follows(card: string): boolean {
    let number = this.#numbers.get(card);
    if (number === undefined && this.#numbers.size < MOST_CARDS) {
      number = this.#numbers.size + 1;
      this.#numbers.set(card, number);
    }
    if (number === this.#wanted) return true;
    this.#losses.add(OTHERS);
    return false;
  }
}
