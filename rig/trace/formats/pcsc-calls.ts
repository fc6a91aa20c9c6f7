import type { MaskedHex } from '../model.ts';
import type { CardChoice } from './card-choice.ts';
import { hexOf } from './hex-text.ts';
import type { SessionLog } from './session-log.ts';

/** Dispositions and initializations of PC/SC. */
const RESET = 1;
const UNPOWER = 2;
/** Limits memory when the file is not such a record. */
const MOST_READERS = 1000;

/**
 * Makes one session out of PC/SC calls: that with the card in one reader, the one to which the first APDU goes unless
 * another was chosen. What other readers were told is counted as lost.
 */
export class PcscCalls {
  readonly #session: SessionLog;
  readonly #choice: CardChoice;
  readonly #readerOf = new Map<string, string>();
  readonly #atrs = new Map<string, MaskedHex>();
  /** Power events of readers before it is known which one counts. */
  #waiting: { readonly reader: string; readonly tell: () => void }[] = [];
  #reader: string | null = null;
  #first = true;
  #isOn = false;
  /** Told the time of the first event. */
  onFirst: (tNs: number) => void = () => {};

  constructor(session: SessionLog, choice: CardChoice) {
    this.#session = session;
    this.#choice = choice;
  }

  get reader(): string | null {
    return this.#reader;
  }

  get atr(): MaskedHex | null {
    return this.#reader === null ? null : (this.#atrs.get(this.#reader) ?? null);
  }

  /** @param withCard false: a direct connection, to the reader alone */
  connected(reader: string, handle: string, withCard: boolean, tNs: number): void {
    if (this.#readerOf.size > MOST_READERS) this.#readerOf.clear();
    this.#readerOf.set(handle, reader);
    if (!withCard) return;
    this.#power(reader, () => {
      if (this.#isOn) return;
      this.#isOn = true;
      this.#begin(tNs);
      this.#session.power('on', tNs, this.#atrs.get(reader) ?? null);
    });
  }

  /** A connection ended, or was made again, with the card reset, without power, or left alone. */
  ended(handle: string, disposition: number, tNs: number): void {
    const reader = this.#readerOf.get(handle);
    if (reader === undefined || (disposition !== RESET && disposition !== UNPOWER)) return;
    this.#power(reader, () => {
      this.#begin(tNs);
      if (disposition === RESET) this.#session.power('reset', tNs, this.#atrs.get(reader) ?? null);
      else this.#session.power('off', tNs);
      this.#isOn = disposition === RESET;
    });
  }

  status(reader: string, atr: MaskedHex | null): void {
    if (atr === null) return;
    if (this.#atrs.size > MOST_READERS) this.#atrs.clear();
    this.#atrs.set(reader, atr);
  }

  /** The arguments of SCardGetStatusChange after the count: name, two states, length and bytes of an ATR, for each. */
  states(args: readonly string[]): void {
    for (let index = 0; index + 4 < args.length; index += 5) {
      this.status(args[index] as string, hexOf((args[index + 4] as string).trim()));
    }
  }

  /** @param response null: `problem` says why there is none */
  transmitted(
    handle: string,
    command: MaskedHex,
    tNs: number,
    response: MaskedHex | null,
    endNs: number,
    problem: string,
  ): void {
    const reader = this.#readerOf.get(handle) ?? `handle ${handle}`;
    if (!this.#choice.follows(reader)) return;
    if (this.#reader === null) this.#choose(reader);
    this.#begin(tNs);
    this.#session.command(command, tNs);
    if (response !== null) this.#session.response(response, endNs);
    else this.#session.note(problem, endNs);
  }

  #power(reader: string, tell: () => void): void {
    if (this.#reader === reader) tell();
    else if (this.#reader === null && this.#waiting.length < 1000) this.#waiting.push({ reader, tell });
  }

  #choose(reader: string): void {
    this.#reader = reader;
    for (const waiting of this.#waiting) if (waiting.reader === reader) waiting.tell();
    this.#waiting = [];
  }

  #begin(tNs: number): void {
    if (this.#first) this.onFirst(tNs);
    this.#first = false;
  }
}
