import { type Command, InvalidArgumentError } from 'commander';
import type { CurveName } from '../../../src/hal/crypto.ts';
import { parseCount } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  count: number;
  curve?: readonly CurveName[];
  json?: boolean;
}

/** Those that PACE can have on a card of ours. */
const CURVES: readonly CurveName[] = ['P-256', 'brainpoolP256r1', 'P-384', 'brainpoolP384r1', 'brainpoolP512r1'];
/** Until the compiler has finished with what only a run uses. */
const WARM_UP = 15;

/** `bench crypto`. */
export function declareBenchCrypto(bench: Command, perform: Perform): void {
  const crypto = bench
    .command('crypto')
    .description(
      'measure PACE, terminal and chip authentication beside their curve operations alone, and secure messaging',
    )
    .option('--count <number>', 'runs of each protocol', parseCount, 50)
    .option('--curve <name>', `one of ${CURVES.join(', ')} (default: all); may be given again`, addCurve);
  addJsonOption(crypto).action((typed: Typed) =>
    perform(typed, async (io) => {
      const { benchCrypto } = await import('../../measure/crypto/bench.ts');
      return benchCrypto({ count: typed.count, warmUp: WARM_UP, curves: typed.curve ?? CURVES }, io);
    }),
  );
}

function addCurve(text: string, before: readonly CurveName[] = []): readonly CurveName[] {
  const curve = CURVES.find((name) => name.toLowerCase() === text.toLowerCase());
  if (curve === undefined) throw new InvalidArgumentError(`A curve is one of ${CURVES.join(', ')}.`);
  return before.includes(curve) ? before : [...before, curve];
}
