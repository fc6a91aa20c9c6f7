import type { DeclareVerb } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  out?: string;
  from?: string;
  keepSecrets?: boolean;
  json?: boolean;
}

export const declareSynth: DeclareVerb = (program, perform) => {
  const synth = program
    .command('synth <traces...>')
    .description('make rules for replay --as-card from traces of a card')
    .option('-o, --out <file>', 'the rule file (default: standard output)')
    .option('--from <format>', 'format of the traces (default: recognised by their content)')
    .option('--keep-secrets', 'mask nothing of the traces in the rules');
  addJsonOption(synth).action((traces: string[], typed: Typed) =>
    perform(typed, async (io) => {
      const { synth: run } = await import('../../judge/replay/synth.ts');
      return run(
        { traces, out: typed.out ?? null, from: typed.from ?? null, keepSecrets: typed.keepSecrets === true },
        io,
      );
    }),
  );
};
