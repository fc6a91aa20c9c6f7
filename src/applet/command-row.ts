import { SW } from '../apdu/status-word.ts';
import type { CommandContext } from './command-context.ts';

/** ISO/IEC 7816-3: 1 no data, 2 response data, 3 command data, 4 both. */
export type CaseNumber = 1 | 2 | 3 | 4;

/**
 * Values of P1 and P2 that belong together: P1 in a range, P2 in a range and equal to `p2Value` under `p2Mask`.
 * One command has one or several of these; no two of them overlap in meaning.
 */
export interface Parameters {
  readonly p1: readonly [from: number, to: number];
  readonly p2: readonly [from: number, to: number];
  readonly p2Mask?: number;
  readonly p2Value?: number;
  readonly meaning: string;
}

/**
 * How long a command may take, for links that must ask the reader for more time before it starts:
 * `ram` reads only, `memory` writes to non-volatile memory, `symmetric` and `asymmetric` compute.
 */
export type CostClass = 'ram' | 'memory' | 'symmetric' | 'asymmetric';

/** One command of the card, as data: the dispatcher, the documentation and the sweeps all work from it. */
export interface CommandRow {
  readonly ins: number;
  readonly name: string;
  /** The standard that defines it, with the edition when the clause is stated. */
  readonly standard: string;
  /** Only where it was looked up (iso7816/index.ts says where). */
  readonly clause?: string;
  readonly cases: readonly CaseNumber[];
  readonly parameters: readonly Parameters[];
  /** Whether its data field may come in a chain. */
  readonly chaining: boolean;
  /** Life cycle of the file it works on: `activated`, or `any` where the command itself tells the reader. */
  readonly lifeCycle: 'activated' | 'any';
  /** What must be satisfied, in words; judged by the function. */
  readonly security: string;
  readonly cost: CostClass;
  /**
   * Carries it out on the context's command and response.
   * @returns the status word
   */
  readonly execute: (context: CommandContext) => number;
}

/** A row with what it accepts laid out in tables, so that a command is judged by looking up and not by searching. */
export class TabledRow {
  readonly row: CommandRow;
  readonly execute: (context: CommandContext) => number;
  /** Whether the command needs the current DF to be activated. */
  readonly needsActivated: boolean;
  /** Bit n: case n is accepted. */
  readonly #cases: number;
  /** Bit i: the value of P1, of P2 is one of those in `row.parameters[i]`. */
  readonly #p1 = new Uint16Array(256);
  readonly #p2 = new Uint16Array(256);

  /** @throws {Error} more combinations of P1 and P2 than there are bits */
  constructor(row: CommandRow) {
    if (row.parameters.length > 16) throw new Error(`${row.name} has more than 16 forms of P1-P2`);
    this.row = row;
    this.execute = row.execute;
    this.needsActivated = row.lifeCycle === 'activated';
    this.#cases = row.cases.reduce((mask, number) => mask | (1 << number), 0);
    row.parameters.forEach((parameters, i) => {
      for (let value = 0; value < 256; value++) {
        if (admitsP1(parameters, value)) this.#p1[value] = (this.#p1[value] as number) | (1 << i);
        if (admitsP2(parameters, value)) this.#p2[value] = (this.#p2[value] as number) | (1 << i);
      }
    });
  }

  /** Length, then P1-P2, as the row has them. @returns 9000, 6700 or 6A86 */
  judge(caseNumber: number, p1: number, p2: number): number {
    if ((this.#cases & (1 << caseNumber)) === 0) return SW.WRONG_LENGTH;
    return ((this.#p1[p1] as number) & (this.#p2[p2] as number)) !== 0 ? SW.OK : SW.WRONG_P1_P2;
  }
}

/** Rows by instruction. */
export class CommandTable {
  readonly rows: readonly CommandRow[];
  readonly #byInstruction: (TabledRow | undefined)[] = new Array(256).fill(undefined);

  /** @throws {Error} two rows for one instruction */
  constructor(rows: readonly CommandRow[]) {
    this.rows = rows;
    for (const row of rows) {
      if (this.#byInstruction[row.ins] !== undefined) throw new Error(`two rows for INS ${row.ins.toString(16)}`);
      this.#byInstruction[row.ins] = new TabledRow(row);
    }
  }

  find(ins: number): TabledRow | undefined {
    return this.#byInstruction[ins];
  }
}

function admitsP1({ p1 }: Parameters, value: number): boolean {
  return value >= p1[0] && value <= p1[1];
}

function admitsP2({ p2, p2Mask = 0, p2Value = 0 }: Parameters, value: number): boolean {
  return value >= p2[0] && value <= p2[1] && (value & p2Mask) === p2Value;
}

export function admits(parameters: Parameters, p1: number, p2: number): boolean {
  return admitsP1(parameters, p1) && admitsP2(parameters, p2);
}
