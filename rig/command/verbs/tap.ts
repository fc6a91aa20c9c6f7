import { Option } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import { UsageError } from '../../console/failure.ts';
import type { ReaderChoice } from '../../endpoint/choice.ts';
import { PLANS, type PlanName, SEQUENCES, type Sequence, type TapOptions } from '../../tap/options.ts';
import { cardSource, parseReader, pinChoice, READERS, recordChoice } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addInterfaceOption,
  addJsonOption,
  addPinOptions,
  addRecordOptions,
  timeoutOption,
} from './shared-options.ts';

interface Typed {
  reader?: ReaderChoice;
  profile?: string;
  image?: string;
  interface?: CardInterface;
  sequence: Sequence;
  plan?: PlanName;
  pin?: boolean;
  pinFile?: string;
  record?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  timeout: number;
  explain?: boolean;
  json?: boolean;
}

export const declareTap: DeclareVerb = (program, perform) => {
  const tap = program
    .command('tap')
    .description('read a card, show what it holds and where the time went')
    .option(
      '--reader <reader>',
      `${READERS}; a part of the name will do (default: pcsc; loopback when a card is named)`,
      parseReader,
    );
  addInterfaceOption(addCardOptions(tap));
  tap.addOption(new Option('--sequence <name>', 'what to read and how').choices(SEQUENCES).default('all'));
  tap.addOption(
    new Option('--plan <name>', 'how to read the own application, and what either way costs').choices(PLANS),
  );
  addRecordOptions(addPinOptions(tap));
  addJsonOption(tap)
    .option('--explain', 'say for each refusal (6982) which rule of the card it comes from and what is missing')
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
  const card = cardSource(typed);
  const reader = typed.reader ?? (card === null ? { driver: 'pcsc', name: null } : { driver: 'loopback' });
  if (reader.driver === 'loopback' && card === null) {
    throw new UsageError('a loopback reader has no card of its own: name one with --profile or --image');
  }
  const words = reader.driver === 'pcsc' ? 'a PC/SC reader' : 'a PN532';
  if (reader.driver !== 'loopback' && card !== null) {
    throw new UsageError(`${words} reads the card that is in it: --profile and --image go with --reader loopback`);
  }
  if (reader.driver !== 'loopback' && typed.interface !== undefined) {
    throw new UsageError(`--interface goes with --reader loopback: ${words} has the door that it has`);
  }
  if (typed.plan !== undefined && typed.sequence !== 'own' && typed.sequence !== 'all') {
    throw new UsageError('--plan is about the own application: it goes with --sequence own or all');
  }
  return {
    reader,
    card,
    interface: typed.interface ?? null,
    sequence: typed.sequence,
    ...(typed.plan === undefined ? {} : { plan: typed.plan }),
    pin: pinChoice(typed),
    record: recordChoice(typed),
    explain: typed.explain === true,
    timeoutMs: typed.timeout,
  };
}
