import { SeededRandom } from '../../../../src/hal/virtual/random.ts';

/** A machine of which the speed wanders by a few per cent, with jitter on everything and now and then a long pause. */
export class Machine {
  readonly #random: SeededRandom;
  readonly #bytes = new Uint8Array(4);
  #drift = 0;

  constructor(seed: string) {
    this.#random = new SeededRandom(seed);
  }

  /** What a piece of work takes now. */
  work(ns: number): number {
    this.#drift = 0.98 * this.#drift + 0.003 * this.#normal();
    const pause = this.#uniform() < 0.002 ? 1_000_000 * this.#uniform() : 0;
    return ns * Math.exp(this.#drift + 0.03 * this.#normal()) + pause;
  }

  medianOf(count: number, run: (machine: Machine) => number): number {
    const values = Array.from({ length: count }, () => run(this)).sort((a, b) => a - b);
    return values[count >> 1] as number;
  }

  /** Two of these make one normal value: Box and Muller's way. */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#uniform())) * Math.cos(2 * Math.PI * this.#uniform());
  }

  #uniform(): number {
    this.#random.fill(this.#bytes, 0, 4);
    return new DataView(this.#bytes.buffer).getUint32(0) / 2 ** 32;
  }
}

/** SELECT, twenty READ RECORD, two READ BINARY: the own application read record by record. */
export const CLASSIC_TAP: readonly (readonly [command: string, ns: number])[] = [
  ['SELECT', 60_000],
  ...Array.from({ length: 20 }, () => ['READ RECORD', 50_000] as const),
  ['READ BINARY', 70_000],
  ['READ BINARY', 50_000],
];

/** @param slower what READ RECORD takes, as a multiple */
export function tapNs(machine: Machine, tap: typeof CLASSIC_TAP, slower: number): number {
  return tap.reduce((sum, [command, ns]) => sum + machine.work(command === 'READ RECORD' ? slower * ns : ns), 0);
}
