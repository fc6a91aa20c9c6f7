import type { Command } from 'commander';
import { parseCard } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  from?: string;
  card: number;
  keepSecrets?: boolean;
  keys?: string;
  frames?: boolean;
  full?: boolean;
  json?: boolean;
}

const KEYS = ['--keys <file>', 'session keys of the trace: what was protected too'] as const;

export const declareTrace: DeclareVerb = (program, perform) => {
  const trace = program.command('trace').description('look at a trace of any format that vitap reads');
  const view = (verb: Command): Command =>
    addJsonOption(
      verb
        .option('--from <format>', 'format of the trace (default: recognised by its content)')
        .option(
          '--card <number>',
          'card to take from a log with several, numbered by their first commands',
          parseCard,
          1,
        )
        .option('--keep-secrets', 'mask nothing'),
    );
  view(
    trace
      .command('show <file>')
      .description('show the events of a trace in words')
      .option('--frames', 'show frames too')
      .option('--full', 'show all bytes of long APDUs and values')
      .option(...KEYS),
  ).action((file: string, typed: Typed) =>
    perform(typed, async (io) => {
      const { showTrace } = await import('../../trace/view/show.ts');
      const { frames, full } = typed;
      return showTrace({ file, ...viewOptions(typed), frames: frames === true, full: full === true }, io);
    }),
  );
  view(
    trace.command('diff <a> <b>').description('compare the exchanges of two traces: exit 0 the same, 1 different'),
  ).action((a: string, b: string, typed: Typed) =>
    perform(typed, async (io) => {
      const { diffTraces } = await import('../../trace/view/diff.ts');
      return diffTraces({ a, b, ...viewOptions(typed) }, io);
    }),
  );
  view(
    trace
      .command('stat <file>')
      .description('count the exchanges of a trace by instruction, with times and bytes')
      .option(...KEYS),
  ).action((file: string, typed: Typed) =>
    perform(typed, async (io) => {
      const { statTrace } = await import('../../trace/view/stat.ts');
      return statTrace({ file, ...viewOptions(typed) }, io);
    }),
  );
};

function viewOptions({ from, card, keepSecrets, keys }: Typed) {
  return { from: from ?? null, card, keepSecrets: keepSecrets === true, keys: keys ?? null };
}
