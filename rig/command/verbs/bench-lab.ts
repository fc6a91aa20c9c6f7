import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../../console/failure.ts';
import { parseCount, parseSeconds } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  readonly part?: readonly string[];
  readonly full?: boolean;
  readonly store?: string;
  readonly restartStore?: string;
  readonly benches?: number;
  readonly devices?: number;
  readonly runs?: number;
  readonly scale?: number;
  readonly every?: number;
  readonly json?: boolean;
}

/** As the benchmark's own list, which is not loaded for help: a test compares. */
export const LAB_PARTS: readonly string[] = ['kills', 'scheduling', 'idle', 'growth', 'pool'];
/** Each is a process. */
const MOST_BENCHES = 200;
const MOST_DEVICES = 50;
/** What the lab takes in one campaign. */
const MOST_RUNS = 100_000;

/** `bench lab`. */
export function declareBenchLab(bench: Command, perform: Perform): void {
  const lab = bench
    .command('lab')
    .description(
      'measure a lab of simulated benches on this machine: what kills lose, what scheduling costs, how long readers are idle, how its store grows, what a reader of another bench adds',
    )
    .option('--part <name>', `one of ${LAB_PARTS.join(', ')} (default: all); may be given again`, addPart)
    .option('--full', 'the figures of a certification lab: 50 benches, 10,000 runs of 1 to 60 s; many minutes')
    .option('--store <url>', 'empty PostgreSQL database to measure on (default: PGlite in a temporary folder)')
    .option('--restart-store <command>', 'for the shell: kills the database of --store and starts it again')
    .option('--benches <number>', 'benches, a process each', parseCount)
    .option('--devices <number>', 'readers in process at each bench: so many runs at a time', parseCount)
    .option('--runs <number>', 'runs of each part, exchanges of the part pool', parseCount)
    .option(
      '--scale <factor>',
      'factor of the lengths of runs, which are 1 to 60 s (default: 0.05, with --full 1)',
      parseScale,
    )
    .option('--every <seconds>', 'from one kill to the next (default: 12, with --full 30)', parseSeconds);
  addJsonOption(lab).action((typed: Typed) =>
    perform(typed, async (io) => {
      const { benches = null, devices = null, runs = null, scale = null } = typed;
      if ((benches ?? 0) > MOST_BENCHES)
        throw new UsageError(`--benches is at most ${MOST_BENCHES}: each is a process`);
      if ((devices ?? 0) > MOST_DEVICES) throw new UsageError(`--devices is at most ${MOST_DEVICES}`);
      if ((runs ?? 0) > MOST_RUNS) throw new UsageError(`--runs is at most ${MOST_RUNS}: they are one campaign`);
      if (typed.restartStore !== undefined && typed.store === undefined)
        throw new UsageError('--restart-store kills a database that --store names');
      if (typed.store !== undefined && !/^postgres(ql)?:\/\//i.test(typed.store))
        throw new UsageError('--store is the URL of a PostgreSQL database: postgresql://USER@HOST/DATABASE');
      const { benchLab } = await import('../../lab/measure/bench-lab.ts');
      return benchLab(
        {
          ...{ parts: typed.part ?? null, full: typed.full === true, store: typed.store ?? null },
          ...{ restartStore: typed.restartStore ?? null, everyMs: typed.every ?? null, benches, devices, runs, scale },
        },
        io,
      );
    }),
  );
}

function addPart(text: string, before: readonly string[] = []): readonly string[] {
  if (!LAB_PARTS.includes(text)) throw new InvalidArgumentError(`A part is one of ${LAB_PARTS.join(', ')}.`);
  return before.includes(text) ? before : [...before, text];
}

function parseScale(text: string): number {
  const scale = /^\d{1,3}(\.\d{1,4})?$/.test(text) ? Number(text) : 0;
  if (scale <= 0) throw new InvalidArgumentError('It takes a number over 0, as 0.05.');
  return scale;
}
