import type { Command } from 'commander';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import { READER_FORMS, type ReaderChoice } from '../../endpoint/readers.ts';
import type { BenchApduOptions } from '../../measure/options.ts';
import { cardSource, parseCount, parseReader, recordChoice } from '../option-values.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { declareBenchCompare } from './bench-compare.ts';
import { declareCrowd } from './bench-crowd.ts';
import { declareBenchCrypto } from './bench-crypto.ts';
import { declareBenchFlash } from './bench-flash.ts';
import { declareBenchIssuer } from './bench-issuer.ts';
import { declareBenchLab } from './bench-lab.ts';
import { declareBenchPeer } from './bench-peer.ts';
import { declareSoak } from './bench-soak.ts';
import { addCardOptions, addJsonOption, addRecordOptions } from './shared-options.ts';

interface Typed {
  profile?: string;
  image?: string;
  state?: PinState;
  reader?: ReaderChoice;
  count?: number;
  csv?: boolean;
  record?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  json?: boolean;
}

export const declareBench: DeclareVerb = (program, perform) => {
  const bench = program.command('bench').description('measure commands, taps, links, trace formats');
  const apdu = bench.command('apdu').description('measure commands per second, in process or through a reader');
  addRecordOptions(addCardOptions(apdu))
    .option('--reader <reader>', `${READER_FORMS} (default: in process, without a reader)`, parseReader)
    .option('--count <number>', 'commands of each kind (default: 100000, through a reader 1000)', parseCount)
    .option('--csv', 'print a table for a spreadsheet');
  addJsonOption(apdu).action((typed: Typed) =>
    perform(typed, async (io) => {
      const options = benchOptions(typed);
      const { benchApdu } = await import('../../measure/apdu.ts');
      return benchApdu(options, io);
    }),
  );
  declareCore(bench, perform);
  declareBenchCrypto(bench, perform);
  declareSoak(bench, perform);
  declareCrowd(bench, perform);
  declareLink(bench, perform);
  declareBenchFlash(bench, perform);
  declareBenchCompare(bench, perform);
  declareBenchPeer(bench, perform);
  declareBenchIssuer(bench, perform);
  declareBenchLab(bench, perform);
  declareTrace(bench, perform);
};

function declareCore(bench: Command, perform: Perform): void {
  const core = bench
    .command('core')
    .description('measure what commands and booting cost in process, and how it grows with files and records')
    .option('--count <number>', 'commands of each kind', parseCount, 100_000);
  addJsonOption(core).action((typed: { count: number; json?: boolean }) =>
    perform(typed, async (io) => {
      const { benchCore } = await import('../../measure/core.ts');
      return benchCore({ count: typed.count, ...CORE_SIZES }, io);
    }),
  );
}

function declareLink(bench: Command, perform: Perform): void {
  const link = bench
    .command('link')
    .description(
      'measure the same tap on our emulator and on libnfc over simulated boards, and ISO-DEP blocks per second',
    )
    .option('--count <number>', 'taps of each', parseCount, 50);
  addJsonOption(link).action((typed: { count: number; json?: boolean }) =>
    perform(typed, async (io) => {
      const { benchLink } = await import('../../measure/link.ts');
      return benchLink({ count: typed.count }, io);
    }),
  );
}

function declareTrace(bench: Command, perform: Perform): void {
  const trace = bench
    .command('trace')
    .description('measure reading and writing of each trace format, and the memory that a long trace needs')
    .option('--count <number>', 'exchanges in the trace of each format', parseCount, 10_000)
    .option(
      '--large <number>',
      'exchanges in the trace whose memory is compared with that of 10,000',
      parseCount,
      1_000_000,
    )
    .option(
      '--report',
      'measure instead the HTML report of a replay of --count exchanges: its size and the time to open it',
    );
  addJsonOption(trace).action((typed: { count: number; large: number; report?: boolean; json?: boolean }) =>
    perform(typed, async (io) => {
      if (typed.report === true) {
        const { benchReport } = await import('../../measure/replay-report.ts');
        return benchReport({ count: typed.count }, io);
      }
      const { benchTrace } = await import('../../measure/trace.ts');
      return benchTrace({ count: typed.count, memorySizes: [10_000, typed.large] }, io);
    }),
  );
}

/** Sizes that `bench core` compares. A file holds 254 records at most; 10,000 take 40 files. */
const CORE_SIZES = { files: [10, 100, 1000, 4000], records: [10, 100, 254], boots: [10, 10_000], taps: 1000 } as const;

function benchOptions(typed: Typed): BenchApduOptions {
  if (typed.csv === true && typed.json === true)
    throw new UsageError('--csv and --json are two forms; give one of them');
  const card = cardSource(typed) ?? { kind: 'profile', name: 'vitale2' };
  const { reader = null } = typed;
  if (reader !== null) readerAndCard({ reader, card }, { profileDescribes: true });
  return {
    reader,
    card,
    count: typed.count ?? null,
    csv: typed.csv === true,
    record: recordChoice(typed),
  };
}
