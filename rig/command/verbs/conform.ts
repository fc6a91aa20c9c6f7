import { Option } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import type { ConformOptions } from '../../judge/conform/options.ts';
import { SUITE_NAMES } from '../../judge/conform/suites/index.ts';
import { cardSource, channelChoice, evidenceChoice, recordChoice, type TypedChannel } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addChannelOptions,
  addEvidenceOptions,
  addInterfaceOption,
  addReaderOption,
  addRecordOptions,
  sessionKeysOption,
  stateOption,
  timeoutOption,
} from './shared-options.ts';

interface Typed extends TypedChannel {
  suite: ConformOptions['suite'];
  reader?: ReaderChoice;
  profile?: string;
  image?: string;
  state?: PinState;
  interface?: CardInterface;
  declare?: string;
  only?: string;
  list?: boolean;
  coverage?: boolean;
  destructive?: boolean;
  json?: string | true;
  junit?: string;
  html?: string;
  evidence?: string;
  evidenceKey?: string;
  imageKey?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  timeout: number;
}

export const declareConform: DeclareVerb = (program, perform) => {
  const conform = program
    .command('conform')
    .description('judge a card, ours or any other, by a conformance suite')
    .addOption(new Option('--suite <name>', 'the suite').choices(SUITE_NAMES).default('iso7816-4'));
  addReaderOption(conform)
    .option('--profile <name>', 'a fresh card in memory, from a shipped profile or a profile file')
    .option('--image <file>', 'a copy of the card in an image file; or a profile by name')
    .addOption(stateOption());
  addChannelOptions(addInterfaceOption(conform));
  addRecordOptions(conform)
    .addOption(sessionKeysOption())
    .option('--declare <file>', 'file that says what the card holds, for a card that no profile describes (YAML)')
    .option('--only <ids>', 'run the cases with these ids: SEL-*,!SEL-9*')
    .option('--list', 'list the cases and run none')
    .option('--coverage', 'also print which commands, parameters and status words the cases reached')
    .option('--destructive', 'also run the cases that change a card in a reader for good')
    .option('--json [file]', 'write the run as JSON; without a file or with -, on standard output')
    .option('--junit <file>', 'write the run as JUnit XML')
    .option('--html <file>', 'write the run as one HTML file');
  addEvidenceOptions(conform, 'trace, declaration, verdicts, environment, the report if there is one')
    .addOption(timeoutOption('how long to wait for a reader and a card'))
    .action((typed: Typed) =>
      perform({ ...typed, json: typed.json === true || typed.json === '-' }, async (io) => {
        const options = conformOptions(typed);
        const { conform: run } = await import('../../judge/conform/conform.ts');
        return run(options, io);
      }),
    );
};

function conformOptions(typed: Typed): ConformOptions {
  const habits = { throughVpcd: true, withoutCard: typed.list === true };
  const evidence = evidenceChoice(typed);
  if (evidence !== null && typed.list === true)
    throw new UsageError('--list judges nothing that --evidence could hold');
  const target = readerAndCard({ ...typed, card: cardSource(typed) }, habits);
  return {
    suite: typed.suite,
    ...target,
    channel: channelChoice(typed),
    declare: typed.declare ?? null,
    only: typed.only ?? null,
    list: typed.list === true,
    coverage: typed.coverage === true,
    destructive: typed.destructive === true,
    json: typed.json === true ? '-' : (typed.json ?? null),
    junit: typed.junit ?? null,
    html: typed.html ?? null,
    evidence,
    record: recordChoice(typed),
    timeoutMs: typed.timeout,
  };
}
