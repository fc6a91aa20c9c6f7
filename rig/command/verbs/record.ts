import type { CardInterface } from '../../../src/hal/card-link.ts';
import { UsageError } from '../../console/failure.ts';
import type { LinkChoice, ReaderChoice } from '../../endpoint/choice.ts';
import type { RecordOptions } from '../../trace/record/record.ts';
import { cardSource, parseLink, parseReader, parseSeconds, READERS } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import { addCardOptions, addInterfaceOption, addJsonOption, timeoutOption } from './shared-options.ts';

interface Typed {
  reader?: ReaderChoice;
  to?: LinkChoice;
  profile?: string;
  image?: string;
  interface?: CardInterface;
  keepSecrets?: boolean;
  redactionKey?: string;
  once?: boolean;
  for?: number;
  wait?: boolean;
  timeout: number;
  json?: boolean;
}

export const declareRecord: DeclareVerb = (program, perform) => {
  const record = program
    .command('record <out>')
    .description('stand between a card and a terminal, and write down what they say, until Ctrl-C')
    .option(
      '--reader <reader>',
      `where the card is: ${READERS}; a part of the name will do (default: pcsc; loopback when a card is named)`,
      parseReader,
    )
    .option(
      '--to <link>',
      "the terminal's side: vpcd, vpcd:HOST, vpcd:HOST:PORT, pn532:PORT or acr122:NAME (default: vpcd)",
      parseLink,
    );
  addInterfaceOption(addCardOptions(record))
    .option('--keep-secrets', 'mask nothing in the trace')
    .option('--redaction-key <file>', "key of the masks' hashes, so that those of several traces compare")
    .option('--once', 'end when the card is taken out')
    .option('--for <seconds>', 'end after so long', parseSeconds)
    .option('--wait', "wait for the terminal's side when it is not there yet");
  addJsonOption(record)
    .addOption(timeoutOption('how long to wait for a reader and a card'))
    .action((output: string, typed: Typed) =>
      perform(typed, async (io) => {
        const options = recordOptions(output, typed);
        const { record: run } = await import('../../trace/record/record.ts');
        return run(options, io);
      }),
    );
};

function recordOptions(output: string, typed: Typed): RecordOptions {
  const card = cardSource(typed);
  const reader = typed.reader ?? (card === null ? { driver: 'pcsc', name: null } : { driver: 'loopback' });
  if (reader.driver === 'loopback' && card === null) {
    throw new UsageError('a loopback reader has no card of its own: name one with --profile or --image');
  }
  if (reader.driver !== 'loopback' && card !== null) {
    throw new UsageError('a reader relays the card that is in it: --profile and --image go with --reader loopback');
  }
  if (typed.keepSecrets === true && typed.redactionKey !== undefined) {
    throw new UsageError('--redaction-key is for masks, and --keep-secrets makes none; give one of them');
  }
  return {
    output,
    keepSecrets: typed.keepSecrets === true,
    redactionKey: typed.redactionKey ?? null,
    reader,
    card,
    to: typed.to ?? parseLink('vpcd'),
    interface: typed.interface ?? null,
    once: typed.once === true,
    forMs: typed.for ?? null,
    wait: typed.wait === true,
    timeoutMs: typed.timeout,
  };
}
