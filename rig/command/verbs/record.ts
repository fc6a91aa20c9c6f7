import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { LINK_FORMS, type LinkChoice, USUAL_LINK } from '../../endpoint/links.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import type { RecordOptions } from '../../trace/record/record.ts';
import { cardSource, channelChoice, parseLink, parseSeconds, type TypedChannel } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addChannelOptions,
  addInterfaceOption,
  addJsonOption,
  addReaderOption,
  sessionKeysOption,
  timeoutOption,
} from './shared-options.ts';

interface Typed extends TypedChannel {
  reader?: ReaderChoice;
  to?: LinkChoice;
  profile?: string;
  image?: string;
  state?: PinState;
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
    .description('relay between a card and a terminal, and record what they exchange, until Ctrl-C')
    .option('--to <link>', `the terminal's side: ${LINK_FORMS} (default: vpcd); not raw, which cannot wait`, parseLink);
  addReaderOption(record, 'where the card is: ');
  addChannelOptions(addInterfaceOption(addCardOptions(record)))
    .addOption(sessionKeysOption())
    .option('--keep-secrets', 'mask nothing in the trace')
    .option(
      '--redaction-key <file>',
      'key for the hashes of masked values: the same secret has the same hash in all traces with this key',
    )
    .option('--once', 'end when the card is taken out')
    .option('--for <seconds>', 'end after this time', parseSeconds)
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
  const target = readerAndCard({ ...typed, card: cardSource(typed) }, { interfaceDescribes: true });
  if (typed.keepSecrets === true && typed.redactionKey !== undefined) {
    throw new UsageError('--redaction-key is for masks, and --keep-secrets makes none; give one of them');
  }
  return {
    output,
    keepSecrets: typed.keepSecrets === true,
    redactionKey: typed.redactionKey ?? null,
    ...target,
    channel: channelChoice(typed, true),
    to: typed.to ?? USUAL_LINK,
    once: typed.once === true,
    forMs: typed.for ?? null,
    wait: typed.wait === true,
    timeoutMs: typed.timeout,
  };
}
