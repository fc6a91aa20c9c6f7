import { type Command, Option } from 'commander';
import { UsageError } from '../../console/failure.ts';
import type { BenchCrowdOptions } from '../../measure/options.ts';
import { parseCount } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  profile: string;
  cards: number;
  taps: number;
  rate: number;
  arrivals: BenchCrowdOptions['pattern'];
  seed: string;
  json?: boolean;
}

/** All of them are in memory, some 25 to 50 KB each. */
const MOST_CARDS = 50_000;
/** Their moments are drawn before the first. */
const MOST_TAPS = 10_000_000;

/** `bench crowd`. */
export function declareCrowd(bench: Command, perform: Perform): void {
  const crowd = bench
    .command('crowd')
    .description('tap thousands of cards in one process, as people come')
    .option('--profile <name>', 'profile of the cards', 'reference')
    .option('--cards <number>', 'cards', parseCount, 2000)
    .option('--taps <number>', 'number of taps in all', parseCount, 20_000)
    .option('--rate <number>', 'taps per second, on average', parseCount, 2000)
    .addOption(
      new Option('--arrivals <pattern>', 'pattern in which people come')
        .choices(['even', 'waiting-room', 'turnstile'])
        .default('turnstile'),
    )
    .option('--seed <text>', 'the same arrivals again for the same seed', 'vitap');
  addJsonOption(crowd).action((typed: Typed) =>
    perform(typed, async (io) => {
      if (typed.cards > MOST_CARDS) throw new UsageError(`--cards is at most ${MOST_CARDS}: all of them are in memory`);
      if (typed.taps > MOST_TAPS) throw new UsageError(`--taps is at most ${MOST_TAPS}`);
      const { benchCrowd } = await import('../../measure/crowd.ts');
      const { profile, cards, taps, rate, arrivals, seed } = typed;
      return benchCrowd({ profile, cards, taps, perSecond: rate, pattern: arrivals, seed }, io);
    }),
  );
}
