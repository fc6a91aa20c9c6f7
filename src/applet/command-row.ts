import { proprietaryClass } from '../apdu/class-byte.ts';
import { INS } from '../apdu/instruction.ts';
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

/**
 * A class under which a command is known: `interindustry`, whose bytes carry channel and chaining; or a proprietary
 * one, 80 to FC in steps of 4, whose two low bits are the channel: 80 stands for 80, 81, 82 and 83.
 */
export type CommandClass = 'interindustry' | number;

/** One command of the card, as data: the dispatcher, the documentation and the sweeps all work from it. */
export interface CommandRow {
  readonly ins: number;
  /** The interindustry class alone by default. A proprietary class is known while the row's application is selected. */
  readonly classes?: readonly CommandClass[];
  readonly name: string;
  /** The standard that defines it, with the edition when the clause is stated. */
  readonly standard: string;
  /** Only where it was looked up (iso7816/index.ts says where). */
  readonly clause?: string;
  readonly cases: readonly CaseNumber[];
  readonly parameters: readonly Parameters[];
  /** Whether its data field may come in a chain; under a proprietary class none can. */
  readonly chaining: boolean;
  /** Whether the commands of its chain are steps of a protocol, each answered at once. */
  readonly stepwise?: boolean;
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

/** Bytes of one form of P1-P2 in {@link JudgedRow}: P1 from, to; P2 from, to, mask, value. */
const FORM_SIZE = 6;

/** A row with what it accepts in a few bytes, which judging a command walks: tables of all 256 values are RAM that a chip lacks. */
export class JudgedRow {
  readonly row: CommandRow;
  readonly execute: (context: CommandContext) => number;
  /** Whether the command needs the current DF to be activated. */
  readonly needsActivated: boolean;
  /** Bit n: case n is accepted. */
  readonly #cases: number;
  readonly #forms: Uint8Array;
  /** Where the form lies that was met last: a reader's next command mostly has the same one. */
  #last = 0;

  constructor(row: CommandRow) {
    this.row = row;
    this.execute = row.execute;
    this.needsActivated = row.lifeCycle === 'activated';
    this.#cases = row.cases.reduce((mask, number) => mask | (1 << number), 0);
    this.#forms = new Uint8Array(row.parameters.length * FORM_SIZE);
    row.parameters.forEach(({ p1, p2, p2Mask = 0, p2Value = 0 }, i) => {
      this.#forms.set([...p1, ...p2, p2Mask, p2Value], i * FORM_SIZE);
    });
  }

  /** Length, then P1-P2, as the row has them. @returns 9000, 6700 or 6A86 */
  judge(caseNumber: number, p1: number, p2: number): number {
    if ((this.#cases & (1 << caseNumber)) === 0) return SW.WRONG_LENGTH;
    if (this.#meets(this.#last, p1, p2)) return SW.OK;
    for (let at = 0; at < this.#forms.length; at += FORM_SIZE) {
      if (!this.#meets(at, p1, p2)) continue;
      this.#last = at;
      return SW.OK;
    }
    return SW.WRONG_P1_P2;
  }

  /** False for a row without forms: nothing lies there. */
  #meets(at: number, p1: number, p2: number): boolean {
    const forms = this.#forms;
    return (
      p1 >= (forms[at] as number) &&
      p1 <= (forms[at + 1] as number) &&
      p2 >= (forms[at + 2] as number) &&
      p2 <= (forms[at + 3] as number) &&
      (p2 & (forms[at + 4] as number)) === forms[at + 5]
    );
  }
}

type RowsByInstruction = (JudgedRow | undefined)[];

/** Rows by class and instruction. */
export class CommandTable {
  readonly rows: readonly CommandRow[];
  readonly #interindustry: RowsByInstruction = new Array(256).fill(undefined);
  readonly #proprietary: Map<number, RowsByInstruction> = new Map();

  /** @throws {Error} two rows for one class and instruction, or a row that no command can reach */
  constructor(rows: readonly CommandRow[]) {
    this.rows = rows;
    for (const row of rows) {
      checkRow(row);
      const judged = new JudgedRow(row);
      for (const each of row.classes ?? INTERINDUSTRY) {
        const byInstruction = this.#rowsOf(each);
        if (byInstruction[row.ins] !== undefined) {
          const where = each === 'interindustry' ? '' : ` of class ${hex(each)}`;
          throw new Error(`two rows for INS ${hex(row.ins)}${where}`);
        }
        byInstruction[row.ins] = judged;
      }
    }
  }

  /** The row of an interindustry command. */
  find(ins: number): JudgedRow | undefined {
    return this.#interindustry[ins];
  }

  /** @param proprietary class byte on channel 0 */
  knowsClass(proprietary: number): boolean {
    return this.#proprietary.has(proprietary);
  }

  /** @param proprietary class byte on channel 0 */
  findProprietary(proprietary: number, ins: number): JudgedRow | undefined {
    return this.#proprietary.get(proprietary)?.[ins];
  }

  #rowsOf(each: CommandClass): RowsByInstruction {
    if (each === 'interindustry') return this.#interindustry;
    const known = this.#proprietary.get(each) ?? new Array(256).fill(undefined);
    this.#proprietary.set(each, known);
    return known;
  }
}

const INTERINDUSTRY: readonly CommandClass[] = ['interindustry'];

/** What would never be reached, or is not the row's to have, is a mistake of whoever wrote the row. */
function checkRow({ ins, name, classes = INTERINDUSTRY, chaining }: CommandRow): void {
  if (!Number.isInteger(ins) || ins < 0 || ins > 255)
    throw new Error(`${name}: an instruction is 00 to FF, not ${ins}`);
  if (classes.length === 0) throw new Error(`${name} has no class: no command could reach it`);
  for (const each of classes) {
    if (each === 'interindustry') continue;
    if (!Number.isInteger(each) || each < 0x80 || each > 0xfc || proprietaryClass(each) !== each) {
      throw new Error(
        `${name}: a proprietary class is 80 to FC in steps of 4 (the two low bits are the channel), not ${hex(each)}`,
      );
    }
    if (ins === INS.GET_RESPONSE) throw new Error(`${name}: C0 is GET RESPONSE in every class`);
    if (chaining) throw new Error(`${name}: class ${hex(each)} has no chaining`);
  }
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

export function admits({ p1, p2, p2Mask = 0, p2Value = 0 }: Parameters, valueOfP1: number, valueOfP2: number): boolean {
  return (
    valueOfP1 >= p1[0] &&
    valueOfP1 <= p1[1] &&
    valueOfP2 >= p2[0] &&
    valueOfP2 <= p2[1] &&
    (valueOfP2 & p2Mask) === p2Value
  );
}
