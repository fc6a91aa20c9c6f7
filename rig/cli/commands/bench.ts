import type { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { cardSource, parseCount, recordChoice } from '../option-values.ts';
import type { BenchApduOptions } from '../options.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { declareBenchCompare } from './bench-compare.ts';
import { declareBenchPeer } from './bench-peer.ts';
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
  declareCore(bench, perform);
  declareLink(bench, perform);
  declareBenchCompare(bench, perform);
  declareBenchPeer(bench, perform);
};

function declareCore(bench: Command, perform: Perform): void {
  const core = bench
    .command('core')
    .description('what commands and booting cost in process, and what grows with files and records')
    .option('--count <number>', 'commands of each kind', parseCount, 100_000);
  addJsonOption(core).action((typed: Pick<Typed, 'count' | 'json'>) =>
    perform(typed, async (io) => {
      const { benchCore } = await import('../../bench/core.ts');
      return benchCore({ count: typed.count, ...CORE_SIZES }, io);
    }),
  );
}

function declareLink(bench: Command, perform: Perform): void {
  const link = bench
    .command('link')
    .description('the same tap on our emulator and on libnfc, over simulated boards; and ISO-DEP blocks a second')
    .option('--count <number>', 'taps of each', parseCount, 50);
  addJsonOption(link).action((typed: Pick<Typed, 'count' | 'json'>) =>
    perform(typed, async (io) => {
      const { benchLink } = await import('../../bench/link.ts');
      return benchLink({ count: typed.count }, io);
    }),
  );
}

/** Sizes that `bench core` compares. A file holds 254 records at most; 10,000 take 40 files. */
const CORE_SIZES = { files: [10, 100, 1000, 4000], records: [10, 100, 254], boots: [10, 10_000] } as const;

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
