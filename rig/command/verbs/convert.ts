import { UsageError } from '../../console/failure.ts';
import type { ConvertOptions } from '../../trace/convert.ts';
import { parseCard } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  from?: string;
  card: number;
  to?: string;
  list?: boolean;
  keepSecrets?: boolean;
  redactionKey?: string;
  keys?: string;
  keepPartial?: boolean;
  json?: boolean;
}

export const declareConvert: DeclareVerb = (program, perform) => {
  const convert = program
    .command('convert')
    .description('convert a trace into another format, and say what is lost')
    .argument('[in]', 'the trace to read, - for standard input')
    .argument('[out]', 'the file to write, - for standard output')
    .option('--from <format>', 'format of the trace (default: recognised by its content)')
    .option('--to <format>', "format to write (default: by the file's name; on standard output, our own)")
    .option('--card <number>', 'card to take from a log with several, numbered by their first commands', parseCard, 1)
    .option('--list', 'list the formats and do nothing else')
    .option('--keep-secrets', 'mask nothing')
    .option(
      '--redaction-key <file>',
      'key for the hashes of masked values: the same secret has the same hash in all traces with this key',
    )
    .option('--keys <file>', 'session keys of the trace: what was protected is opened, in other formats in its place')
    .option('--keep-partial', 'keep the part before the damage, under the name of the output');
  addJsonOption(convert).action((input: string | undefined, output: string | undefined, typed: Typed) =>
    perform(typed, async (io) => {
      const { convert: run, listFormats } = await import('../../trace/convert.ts');
      if (typed.list === true) return listFormats(io);
      return run(convertOptions(input, output, typed), io);
    }),
  );
};

function convertOptions(input: string | undefined, output: string | undefined, typed: Typed): ConvertOptions {
  if (input === undefined || output === undefined) {
    throw new UsageError('convert takes two files, the trace to read and the file to write (or --list)');
  }
  if (output === '-' && typed.json === true) {
    throw new UsageError('--json and the trace would both go to standard output; name a file for the trace');
  }
  if (typed.keepSecrets === true && typed.redactionKey !== undefined) {
    throw new UsageError('--redaction-key is for masks, and --keep-secrets makes none; give one of them');
  }
  return {
    input,
    output,
    from: typed.from ?? null,
    card: typed.card,
    to: typed.to ?? null,
    keepSecrets: typed.keepSecrets === true,
    redactionKey: typed.redactionKey ?? null,
    keys: typed.keys ?? null,
    keepPartial: typed.keepPartial === true,
  };
}
