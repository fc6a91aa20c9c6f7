import { SW } from '../../../src/apdu/status-word.ts';
import type { CommandRow } from '../../../src/applet/command-row.ts';
import { admits } from '../../../src/applet/command-row.ts';
import { statusHex } from './hex-pattern.ts';
import type { CaseResult, Reached } from './model.ts';

/** What the judged cases of a run have reached of the command tables and of the status words. */
export interface Coverage {
  readonly rows: readonly RowCoverage[];
  /** Status words that judged steps were answered with. */
  readonly statusWords: readonly string[];
  /** Status words that the card has and no judged step was answered with. */
  readonly unreachedStatusWords: readonly string[];
}

export interface RowCoverage {
  readonly name: string;
  readonly ins: string;
  /** Judged commands with this instruction. */
  readonly commands: number;
  /** Cases that passed or failed and are about this command. */
  readonly cases: number;
  /** Meanings of P1-P2 that no judged command had. */
  readonly unreachedParameters: readonly string[];
}

/** Where the low half or byte says how many. */
const COUNTED: readonly (readonly [mask: number, value: number, name: string])[] = [
  [0xff00, 0x6100, '61XX'],
  [0xff00, 0x6c00, '6CXX'],
  [0xfff0, 0x63c0, '63CX'],
];

/** @param rows the command tables of the card that is judged */
export function coverageOf(results: readonly CaseResult[], rows: readonly CommandRow[]): Coverage {
  const judged = results.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail');
  const reached = judged.flatMap((result) => result.reached);
  const statusWords = new Set(reached.map(({ sw }) => nameOf(sw)));
  const known = new Set(Object.values(SW).map(nameOf));
  return {
    rows: rows.map((row) => {
      const commands = reached.filter(({ ins, sw }) => ins === row.ins && sw !== SW.INSTRUCTION_NOT_SUPPORTED);
      return {
        name: row.name,
        ins: statusHex(row.ins).slice(2),
        commands: commands.length,
        cases: judged.filter((result) => result.commands.includes(row.name)).length,
        unreachedParameters: unreachedMeanings(row, commands),
      };
    }),
    statusWords: [...statusWords].sort(),
    unreachedStatusWords: [...known].filter((each) => !statusWords.has(each)).sort(),
  };
}

/** Several rows of parameters may mean the same: one of them is enough. */
function unreachedMeanings(row: CommandRow, commands: readonly Reached[]): readonly string[] {
  const meanings = new Set(row.parameters.map(({ meaning }) => meaning));
  for (const parameters of row.parameters) {
    if (commands.some(({ p1, p2 }) => admits(parameters, p1, p2))) meanings.delete(parameters.meaning);
  }
  return [...meanings];
}

function nameOf(sw: number): string {
  const counted = COUNTED.find(([mask, value]) => (sw & mask) === value);
  return counted === undefined ? statusHex(sw) : counted[2];
}
