import type { MaskedHex } from '../model.ts';
import type { Losses } from '../stream.ts';
import type { CardChoice } from './card-choice.ts';
import type { SessionLog } from './session-log.ts';

/** Limits memory when the file is not such a log. */
const MOST_WAITING = 1000;
const MOST_THREADS = 1000;
const OTHER_POWER = 'power events of other cards, or of cards that are not told apart';

interface Exchange {
  readonly thread: string;
  readonly command: MaskedHex;
  readonly tNs: number;
  response: { readonly apdu: MaskedHex; readonly tNs: number } | null;
}

/**
 * One card's session out of a log in which several threads or processes write. A response answers the last command of
 * its own thread, and exchanges come in the order of their commands.
 */
export class CardExchanges {
  readonly #session: SessionLog;
  readonly #losses: Losses;
  readonly #choice: CardChoice;
  #followed: string | null = null;
  /** The thread whose command has been told and not been answered. */
  #open: string | null = null;
  /** What came while another thread's command was open. */
  #held: Exchange[] = [];
  /** Threads whose last command went to another card. */
  readonly #elsewhere = new Set<string>();
  #waiting: { readonly isOf: (card: string) => boolean; readonly tell: () => void }[] = [];

  constructor(session: SessionLog, losses: Losses, choice: CardChoice) {
    this.#session = session;
    this.#losses = losses;
    this.#choice = choice;
  }

  /** The card that is followed; null before its first command. */
  get followed(): string | null {
    return this.#followed;
  }

  command(card: string, thread: string, apdu: MaskedHex, tNs: number): void {
    if (!this.#choice.follows(card)) {
      if (this.#elsewhere.size < MOST_THREADS) this.#elsewhere.add(thread);
      return;
    }
    this.#elsewhere.delete(thread);
    if (this.#followed === null) this.#follow(card);
    if (this.#open !== null && this.#open !== thread) {
      this.#held.push({ thread, command: apdu, tNs, response: null });
      if (this.#held.length > MOST_WAITING) this.#giveUp();
      return;
    }
    // The thread's own command before it stays without an answer.
    this.#open = null;
    this.#release();
    this.#open = thread;
    this.#session.command(apdu, tNs);
  }

  response(thread: string, apdu: MaskedHex, tNs: number): void {
    if (this.#elsewhere.has(thread)) {
      this.#elsewhere.delete(thread);
      return;
    }
    if (this.#open === thread) {
      this.#session.response(apdu, tNs);
      this.#open = null;
      this.#release();
      return;
    }
    const held = this.#held.findLast((exchange) => exchange.thread === thread);
    if (held === undefined || held.response !== null) this.#losses.add('responses that answer no command');
    else held.response = { apdu, tNs };
  }

  /**
   * A power event: told at once for the card that is followed, later as long as it is not known which one that is.
   * @param isOf whether it is of the card of that name
   */
  power(isOf: (card: string) => boolean, tell: () => void): void {
    if (this.#followed === null && this.#waiting.length < MOST_WAITING) this.#waiting.push({ isOf, tell });
    else if (this.#followed !== null && isOf(this.#followed)) {
      this.#giveUp();
      tell();
    } else this.#losses.add(OTHER_POWER);
  }

  /** The log is at its end. A log without commands gives its power events. */
  end(): void {
    if (this.#choice.count === 0) for (const { tell } of this.#waiting) tell();
    this.#waiting = [];
    this.#giveUp();
  }

  #follow(card: string): void {
    this.#followed = card;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { isOf, tell } of waiting) {
      if (isOf(card)) tell();
      else this.#losses.add(OTHER_POWER);
    }
  }

  /** The open command will not be answered, nor any that waits for its answer. */
  #giveUp(): void {
    this.#open = null;
    while (this.#held.length > 0) {
      this.#open = null;
      this.#release();
    }
    this.#open = null;
  }

  /** Tells what was held back, up to a command that may still be answered. */
  #release(): void {
    while (this.#open === null) {
      const next = this.#held.shift();
      if (next === undefined) return;
      this.#session.command(next.command, next.tNs);
      if (next.response !== null) this.#session.response(next.response.apdu, next.response.tNs);
      else if (!this.#held.some(({ thread }) => thread === next.thread)) this.#open = next.thread;
    }
  }
}
