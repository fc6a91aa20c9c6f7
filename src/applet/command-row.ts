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
  /** The standard that defines it. */
  readonly standard: string;
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

/** Rows by instruction. */
export class CommandTable {
  readonly rows: readonly CommandRow[];
  readonly #byInstruction: (CommandRow | undefined)[] = new Array(256).fill(undefined);
  readonly #caseMasks = new Uint8Array(256);

  /** @throws {Error} two rows for one instruction */
  constructor(rows: readonly CommandRow[]) {
    this.rows = rows;
    for (const row of rows) {
      if (this.#byInstruction[row.ins] !== undefined) throw new Error(`two rows for INS ${row.ins.toString(16)}`);
      this.#byInstruction[row.ins] = row;
      for (const number of row.cases) this.#caseMasks[row.ins] = (this.#caseMasks[row.ins] as number) | (1 << number);
    }
  }

  find(ins: number): CommandRow | undefined {
    return this.#byInstruction[ins];
  }

  /** Length, then P1-P2, as the row has them. @returns 9000, 6700 or 6A86 */
  judge(row: CommandRow, caseNumber: number, p1: number, p2: number): number {
    if (((this.#caseMasks[row.ins] as number) & (1 << caseNumber)) === 0) return SW.WRONG_LENGTH;
    const parameters = row.parameters;
    for (let i = 0; i < parameters.length; i++) {
      if (admits(parameters[i] as Parameters, p1, p2)) return SW.OK;
    }
    return SW.WRONG_P1_P2;
  }
}

export function admits(parameters: Parameters, p1: number, p2: number): boolean {
  return (
    p1 >= parameters.p1[0] &&
    p1 <= parameters.p1[1] &&
    p2 >= parameters.p2[0] &&
    p2 <= parameters.p2[1] &&
    (p2 & (parameters.p2Mask ?? 0)) === (parameters.p2Value ?? 0)
  );
}
