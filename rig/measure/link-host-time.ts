import { quantileOf } from '../figures/quantile.ts';
import { frameBytes } from './link-wire.ts';

/** What the simulator tells of a board on one line of `board sim --json`. */
interface BoardLine {
  readonly atNs?: number;
  readonly event?: string;
  readonly board?: string;
  readonly code?: number;
  readonly length?: number;
}

/** The response that gives a card its command, and the command with its answer; that answer's end, and the next wait. */
const PAIRS: ReadonlyMap<number, number> = new Map([
  [0x87, 0x8e],
  [0x8f, 0x86],
]);
const BITS_A_BYTE = 10;

/**
 * How long the program on a board leaves the chip waiting: from the last byte of a response of the chip to the first of
 * the program's next command. The board itself measures it, so it is the same for every program.
 */
export class HostTime {
  readonly #board: string;
  #rest = '';
  #last: BoardLine | null = null;
  #baud: number;
  /** Milliseconds, by the response that began the wait. */
  #waits = new Map<number, number[]>();

  constructor(board: string, baud: number) {
    this.#board = board;
    this.#baud = baud;
  }

  /** Forgets what was measured: another program is looked at, on a line of this speed. */
  begin(baud: number): void {
    this.#baud = baud;
    this.#last = null;
    this.#waits = new Map();
  }

  /** @param chunk of the simulator's standard output */
  hear(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(JSON.parse(line) as BoardLine);
  }

  /** Median for one exchange, taking the command and giving the answer; NaN when there was none. */
  get p50ms(): number {
    const waits = [...PAIRS.keys()].map((code) => this.#waits.get(code));
    return waits.reduce((sum, each) => sum + (each === undefined ? Number.NaN : quantileOf(each, 0.5)), 0);
  }

  #line(line: BoardLine): void {
    if (line.board !== this.#board) return;
    if (line.event === 'response') this.#last = line;
    else if (line.event === 'command') {
      const last = this.#last;
      this.#last = null;
      if (last === null || PAIRS.get(last.code as number) !== line.code) return;
      // Told when the chip begins to send, and when it has received.
      const bytes = frameBytes(1 + (last.length ?? 0)) + frameBytes(1 + (line.length ?? 0));
      const ns = line.atNs! - last.atNs! - (bytes * BITS_A_BYTE * 1e9) / this.#baud;
      const waits = this.#waits.get(last.code as number) ?? [];
      waits.push(ns / 1e6);
      this.#waits.set(last.code as number, waits);
    }
  }
}
