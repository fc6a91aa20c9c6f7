import { Option } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import { PLANS, type PlanName, SEQUENCES, type Sequence, type TapOptions } from '../../tap/options.ts';
import { cardSource, channelChoice, pinChoice, recordChoice, type TypedChannel } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addChannelOptions,
  addInterfaceOption,
  addJsonOption,
  addPinOptions,
  addReaderOption,
  addRecordOptions,
  sessionKeysOption,
  timeoutOption,
} from './shared-options.ts';

interface Typed extends TypedChannel {
  reader?: ReaderChoice;
  profile?: string;
  image?: string;
  state?: PinState;
  interface?: CardInterface;
  sequence: Sequence;
  plan?: PlanName;
  pin?: boolean;
  pinFile?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  timeout: number;
  explain?: boolean;
  json?: boolean;
}

export const declareTap: DeclareVerb = (program, perform) => {
  const tap = program.command('tap').description('read a card, and show what it holds and where the time went');
  addReaderOption(tap);
  addInterfaceOption(addCardOptions(tap));
  tap.addOption(new Option('--sequence <name>', 'what to read, and how').choices(SEQUENCES).default('all'));
  tap.addOption(
    new Option('--plan <name>', 'how to read the own application; both plans are shown with their cost').choices(PLANS),
  );
  addChannelOptions(addPinOptions(tap));
  addRecordOptions(tap).addOption(sessionKeysOption());
  addJsonOption(tap)
    .option('--explain', 'for each refusal (6982), show which rule of the card caused it and what is missing')
    .addOption(timeoutOption('how long to wait for a reader and a card'))
    .action((typed: Typed) =>
      perform(typed, async (io) => {
        const options = tapOptions(typed);
        const { tap: run } = await import('../../tap/tap.ts');
        return run(options, io);
      }),
    );
};

function tapOptions(typed: Typed): TapOptions {
  const target = readerAndCard({ ...typed, card: cardSource(typed) });
  if (typed.plan !== undefined && typed.sequence !== 'own' && typed.sequence !== 'all') {
    throw new UsageError('--plan is about the own application: it goes with --sequence own or all');
  }
  return {
    ...target,
    sequence: typed.sequence,
    ...(typed.plan === undefined ? {} : { plan: typed.plan }),
    pin: pinChoice(typed),
    channel: channelChoice(typed),
    record: recordChoice(typed),
    explain: typed.explain === true,
    timeoutMs: typed.timeout,
  };
}
