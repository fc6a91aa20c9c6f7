import { type Command, InvalidArgumentError } from 'commander';
import { parseCount } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  readonly count: number;
  readonly sizes: readonly number[];
  readonly lists: readonly number[];
  readonly store?: string;
  readonly json?: boolean;
}

/** `bench issuer`. */
export function declareBenchIssuer(bench: Command, perform: Perform): void {
  const issuer = bench
    .command('issuer')
    .description('measure activations, presences, status checks, growth of the registry, and status lists')
    .option('--count <number>', 'operations of each kind', parseCount, 300)
    .option(
      '--sizes <list>',
      'registries in which people are looked up, insured each, or none',
      readSizes,
      [1000, 10_000],
    )
    .option(
      '--lists <list>',
      'status lists that are built, activations each, or none',
      readSizes,
      [1_000_000, 68_000_000],
    )
    .option('--store <url>', 'empty PostgreSQL database to measure beside PGlite');
  addJsonOption(issuer).action((typed: Typed) =>
    perform(typed, async (io) => {
      const { benchIssuer } = await import('../../life/bench/bench-issuer.ts');
      const { count, sizes, lists, store = null } = typed;
      return benchIssuer({ count, sizes, lists, store }, io);
    }),
  );
}

function readSizes(text: string): readonly number[] {
  if (text === 'none') return [];
  const sizes = text.split(',').map((part) => (/^\d{1,9}$/.test(part.trim()) ? Number(part) : 0));
  if (sizes.includes(0))
    throw new InvalidArgumentError('It takes whole numbers from 1 with commas between them, or none.');
  return sizes.sort((a, b) => a - b);
}
