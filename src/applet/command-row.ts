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

type RowsByInstruction = (TabledRow | undefined)[];

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
      const tabled = new TabledRow(row);
      for (const each of row.classes ?? INTERINDUSTRY) {
        const byInstruction = this.#rowsOf(each);
        if (byInstruction[row.ins] !== undefined) {
          const where = each === 'interindustry' ? '' : ` of class ${hex(each)}`;
          throw new Error(`two rows for INS ${hex(row.ins)}${where}`);
        }
        byInstruction[row.ins] = tabled;
      }
    }
  }

  /** The row of an interindustry command. */
  find(ins: number): TabledRow | undefined {
    return this.#interindustry[ins];
  }

  /** @param proprietary class byte on channel 0 */
  knowsClass(proprietary: number): boolean {
    return this.#proprietary.has(proprietary);
  }

  /** @param proprietary class byte on channel 0 */
  findProprietary(proprietary: number, ins: number): TabledRow | undefined {
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

function admitsP1({ p1 }: Parameters, value: number): boolean {
  return value >= p1[0] && value <= p1[1];
}

function admitsP2({ p2, p2Mask = 0, p2Value = 0 }: Parameters, value: number): boolean {
  return value >= p2[0] && value <= p2[1] && (value & p2Mask) === p2Value;
}

export function admits(parameters: Parameters, p1: number, p2: number): boolean {
  return admitsP1(parameters, p1) && admitsP2(parameters, p2);
}
