import type { Command } from 'commander';
import { parseCount, parseShare } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  a: string;
  b: string;
  rounds: number;
  warmUp: number;
  failIfSlower?: number;
  json?: boolean;
}

export function declareBenchCompare(bench: Command, perform: Perform): void {
  const compare = bench
    .command('compare')
    .description('run two commands in turn, and say whether B is faster or slower than A, and how sure that is')
    .requiredOption(
      '--a <command>',
      'first command, for the shell; best one that prints a result: vitap bench tap … --json',
    )
    .requiredOption('--b <command>', 'second command; commands without a result are compared by their run time')
    .option('--rounds <number>', 'runs of each command', parseCount, 12)
    .option('--warm-up <number>', 'rounds before those, which do not count; 0 for none', parseWarmUp, 1)
    .option('--fail-if-slower <share>', 'exit 1 when B is slower by more than this, for example 5%', parseShare);
  addJsonOption(compare).action((typed: Typed) =>
    perform(typed, async (io) => {
      const { benchCompare } = await import('../../measure/compare/commands.ts');
      const { a, b, rounds, warmUp, failIfSlower = null } = typed;
      return benchCompare({ a, b, rounds, warmUp, failIfSlower }, io);
    }),
  );
}

function parseWarmUp(text: string): number {
  return text === '0' ? 0 : parseCount(text);
}
