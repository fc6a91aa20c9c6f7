import type { MaskedHex, TraceEvent } from '../model.ts';
import type { Losses } from '../stream.ts';
import { masksOfHex } from './hex-text.ts';
import { TraceClock } from './trace-clock.ts';

/** In characters. */
const LONGEST_NOTE = 1000;
const NOTHING: readonly TraceEvent[] = [];

/** Gathers what a log tells as events of the model; the first of them is at time 0. */
export class SessionLog {
  readonly #losses: Losses;
  #events: TraceEvent[] = [];
  readonly #clock: TraceClock;
  #originNs: number | null = null;
  #open = false;
  #hasCommand = false;
  #atr: MaskedHex | null = null;

  constructor(losses: Losses) {
    this.#losses = losses;
    this.#clock = new TraceClock(losses);
  }

  /** The time of the first event as it was told; null before it. */
  get originNs(): number | null {
    return this.#originNs;
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
    const t = this.#time(tNs);
    this.#events.push({ type: 'command', t, apdu, ...masks });
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
    const t = this.#time(tNs);
    this.#events.push({ type: 'response', t, apdu, ...masks });
    this.#open = false;
  }

  power(state: 'on' | 'reset' | 'off', tNs: number, atr: MaskedHex | null = null): void {
    const t = this.#time(tNs);
    this.#events.push({ type: 'power', t, state, ...(atr === null ? {} : { atr }) });
    this.#atr ??= atr;
    this.#open = false;
  }

  /** The last command will not be answered. */
  abandon(): void {
    this.#open = false;
  }

  note(text: string, tNs: number): void {
    const t = this.#time(tNs);
    this.#events.push({ type: 'note', t, text: text.slice(0, LONGEST_NOTE) });
  }

  /** What has come since the last time. */
  take(): readonly TraceEvent[] {
    if (this.#events.length === 0) return NOTHING;
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** A step of the clock that a trace cannot count is noted. */
  #time(tNs: number): number {
    this.#originNs ??= tNs;
    const { t, step } = this.#clock.at(BigInt(Math.round(tNs)));
    if (step !== null) this.#events.push({ type: 'note', t, text: step });
    return t;
  }
}
