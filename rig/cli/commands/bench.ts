import { UsageError } from '../failure.ts';
import { cardSource, parseCount, recordChoice } from '../option-values.ts';
import type { BenchApduOptions } from '../options.ts';
import type { DeclareVerb } from '../program.ts';
import { addCardOptions, addJsonOption, addRecordOptions } from './shared-options.ts';

interface Typed {
  profile?: string;
  image?: string;
  count: number;
  csv?: boolean;
  record?: string;
  keepSecrets?: boolean;
  json?: boolean;
}

export const declareBench: DeclareVerb = (program, perform) => {
  const bench = program.command('bench').description('measure');
  const apdu = bench.command('apdu').description('commands a second, in process');
  addRecordOptions(addCardOptions(apdu))
    .option('--count <number>', 'commands of each kind', parseCount, 100_000)
    .option('--csv', 'print a table for a spreadsheet');
  addJsonOption(apdu).action((typed: Typed) =>
    perform(typed, async (io) => {
      const options = benchOptions(typed);
      const { benchApdu } = await import('../../bench/apdu.ts');
      return benchApdu(options, io);
    }),
  );
};

function benchOptions(typed: Typed): BenchApduOptions {
  if (typed.csv === true && typed.json === true)
    throw new UsageError('--csv and --json are two forms; give one of them');
  return {
    card: cardSource(typed) ?? { kind: 'profile', name: 'vitale2' },
    count: typed.count,
    csv: typed.csv === true,
    record: recordChoice(typed),
  };
}
