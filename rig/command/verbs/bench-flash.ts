import type { Command } from 'commander';
import { UsageError } from '../../console/failure.ts';
import { parseCount } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  readonly boards: number;
  readonly runs: number;
  readonly size: number;
  readonly baud: number;
  readonly json?: boolean;
}

/** One process simulates them all. */
const MOST_BOARDS = 64;
const MOST_RUNS = 1000;
const LEAST_BYTES = 1024;
/** What the simulated UF2 drive and the chip both take. */
const MOST_BYTES = 1_048_576;
/** Of an STM32's bootloader, and a bit more than adapters do. */
const [LEAST_BAUD, MOST_BAUD] = [1200, 1_000_000];

/** `bench flash`. */
export function declareBenchFlash(bench: Command, perform: Perform): void {
  const flash = bench
    .command('flash')
    .description(
      'measure flashing on simulated boards: many at once against one alone, time on the line against the least, UF2 against a plain copy',
    )
    .option('--boards <number>', 'boards that are flashed at once', parseCount, 16)
    .option('--runs <number>', 'runs, each of one board alone and of all at once', parseCount, 5)
    .option('--size <bytes>', 'bytes of the program', parseCount, 16_384)
    .option('--baud <rate>', 'speed of the line', parseCount, 115_200);
  addJsonOption(flash).action((typed: Typed) =>
    perform(typed, async (io) => {
      const { boards, runs, size, baud } = typed;
      within('--boards', boards, 2, MOST_BOARDS);
      within('--runs', runs, 1, MOST_RUNS);
      within('--size', size, LEAST_BYTES, MOST_BYTES);
      within('--baud', baud, LEAST_BAUD, MOST_BAUD);
      const { benchFlash } = await import('../../board/measure/bench-flash.ts');
      return benchFlash({ boards, runs, size, baudRate: baud }, io);
    }),
  );
}

/** @throws {UsageError} */
function within(option: string, value: number, least: number, most: number): void {
  if (value < least || value > most) throw new UsageError(`${option} is from ${least} to ${most}`);
}
