import type { Clock } from '../clock.ts';

/** Time that passes when it is told to. */
export class VirtualClock implements Clock {
  #nowNs: number;
  /** Wall time at the moment when it was last set. */
  #wallSetTo: number;
  #wallSetAtNs: number;

  /** @param start monotonic and wall time to begin with; both default to 0 */
  constructor(start: { readonly nowNs?: number; readonly wallSeconds?: number } = {}) {
    this.#nowNs = checked(start.nowNs ?? 0);
    this.#wallSetTo = checked(start.wallSeconds ?? 0);
    this.#wallSetAtNs = this.#nowNs;
  }

  nowNs(): number {
    return this.#nowNs;
  }

  wallSeconds(): number {
    return this.#wallSetTo + Math.floor((this.#nowNs - this.#wallSetAtNs) / 1e9);
  }

  /** Lets time pass on both clocks. @throws {RangeError} when `ns` is not a whole number from 0 */
  advance(ns: number): void {
    this.#nowNs = checked(this.#nowNs + checked(ns));
  }

  /** Sets wall time alone, forwards or backwards, as a person or NTP does. */
  setWallSeconds(seconds: number): void {
    this.#wallSetTo = checked(seconds);
    this.#wallSetAtNs = this.#nowNs;
  }
}

function checked(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`time is a whole number from 0, not ${value}`);
  }
  return value;
}
