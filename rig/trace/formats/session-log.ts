import type { MaskedHex, TraceEvent } from '../model.ts';
import type { Losses } from '../stream.ts';
import { masksOfHex } from './hex-text.ts';

/** In characters. */
const LONGEST_NOTE = 1000;
const NOTHING: readonly TraceEvent[] = [];

/** Gathers what a log tells as events of the model; the first of them is at time 0. */
export class SessionLog {
  readonly #losses: Losses;
  #events: TraceEvent[] = [];
  #originNs: number | null = null;
  #open = false;
  #hasCommand = false;
  #atr: MaskedHex | null = null;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  get hasCommand(): boolean {
    return this.#hasCommand;
  }

  /** A command has been told whose answer has not. */
  get awaitsResponse(): boolean {
    return this.#open;
  }

  /** The first answer to reset that was told. */
  get atr(): MaskedHex | null {
    return this.#atr;
  }

  command(apdu: MaskedHex, tNs: number): void {
    const masks = apdu.includes('X') ? { masks: masksOfHex(apdu, 'code') } : {};
    this.#events.push({ type: 'command', t: this.#time(tNs), apdu, ...masks });
    this.#open = true;
    this.#hasCommand = true;
  }

  response(apdu: MaskedHex, tNs: number): void {
    if (!this.#open) {
      this.#losses.add('responses that answer no command');
      return;
    }
    if (apdu.length < 4) {
      this.#losses.add('responses shorter than a status word');
      return;
    }
    const masks = apdu.includes('X') ? { masks: masksOfHex(apdu, 'nir') } : {};
    this.#events.push({ type: 'response', t: this.#time(tNs), apdu, ...masks });
    this.#open = false;
  }

  power(state: 'on' | 'reset' | 'off', tNs: number, atr: MaskedHex | null = null): void {
    this.#events.push({ type: 'power', t: this.#time(tNs), state, ...(atr === null ? {} : { atr }) });
    this.#atr ??= atr;
    this.#open = false;
  }

  /** The last command will not be answered. */
  abandon(): void {
    this.#open = false;
  }

  note(text: string, tNs: number): void {
    this.#events.push({ type: 'note', t: this.#time(tNs), text: text.slice(0, LONGEST_NOTE) });
  }

  /** What has come since the last time. */
  take(): readonly TraceEvent[] {
    if (this.#events.length === 0) return NOTHING;
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #time(tNs: number): number {
    this.#originNs ??= tNs;
    return Math.round(tNs - this.#originNs);
  }
}
