import { type Command, InvalidArgumentError } from 'commander';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import { READER_FORMS, type ReaderChoice } from '../../endpoint/readers.ts';
import type { BenchSoakOptions } from '../../measure/options.ts';
import { cardSource, parseCount, parseReader, recordChoice } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addCardOptions, addJsonOption, addRecordOptions, timeoutOption } from './shared-options.ts';

interface Typed {
  profile?: string;
  image?: string;
  state?: PinState;
  reader?: ReaderChoice;
  /** Both in milliseconds. */
  minutes?: number;
  hours?: number;
  rate?: number;
  timeout: number;
  csv?: boolean;
  record?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  json?: boolean;
}

const DEFAULT_MINUTES = 60;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** So many of a unit, with a fraction if need be, in milliseconds. */
function parseTime(unitMs: number): (text: string) => number {
  return (text) => {
    const ms = /^\d{1,4}(\.\d+)?$/.test(text) ? Math.round(Number(text) * unitMs) : 0;
    if (ms < 1) throw new InvalidArgumentError('It takes a number over 0.');
    return ms;
  };
}

/** `bench soak`. */
export function declareSoak(bench: Command, perform: Perform): void {
  const soak = bench
    .command('soak')
    .description('tap for hours, and judge whether taps get slower, memory grows or handles leak');
  addRecordOptions(addCardOptions(soak))
    .option('--reader <reader>', `${READER_FORMS} (default: loopback)`, parseReader)
    .option('--minutes <number>', `how long (default: ${DEFAULT_MINUTES})`, parseTime(MINUTE_MS))
    .option('--hours <number>', 'how long, in hours', parseTime(HOUR_MS))
    .option('--rate <number>', 'taps per second (default: one after the other)', parseCount)
    .addOption(timeoutOption('how long to wait for a card at each tap'))
    .option('--csv', 'print the samples as a table for a spreadsheet');
  addJsonOption(soak).action((typed: Typed) =>
    perform(typed, async (io) => {
      const options = soakOptions(typed);
      const { benchSoak } = await import('../../measure/soak.ts');
      return benchSoak(options, io);
    }),
  );
}

function soakOptions(typed: Typed): BenchSoakOptions {
  if (typed.minutes !== undefined && typed.hours !== undefined) {
    throw new UsageError('--minutes and --hours both say how long; give one of them');
  }
  if (typed.csv === true && typed.json === true) {
    throw new UsageError('--csv and --json are two forms; give one of them');
  }
  const card = cardSource(typed) ?? { kind: 'profile', name: 'reference' };
  const { reader } = readerAndCard({ ...typed, card }, { profileDescribes: true });
  return {
    reader,
    card,
    durationMs: typed.hours ?? typed.minutes ?? DEFAULT_MINUTES * MINUTE_MS,
    perSecond: typed.rate ?? null,
    timeoutMs: typed.timeout,
    csv: typed.csv === true,
    record: recordChoice(typed),
  };
}
