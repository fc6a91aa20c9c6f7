import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import { type ReaderChoice, readerDriver } from '../../endpoint/readers.ts';
import type { BenchTapOptions } from '../../measure/tap/options.ts';
import type { Arrivals, WhatIfChange } from '../../measure/tap/result.ts';
import type { BenchTapOutputs } from '../../measure/tap/verb.ts';
import { parseWhatIf, whatIfRefusal } from '../../measure/tap/what-if-option.ts';
import { PLANS, type PlanName, SEQUENCES, type Sequence } from '../../tap/options.ts';
import {
  cardSource,
  channelChoice,
  parseApdus,
  parseCount,
  parseReader,
  parseShare,
  pinChoice,
  type TypedChannel,
} from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addChannelOptions,
  addInterfaceOption,
  addJsonOption,
  addPinOptions,
  addReaderOption,
  timeoutOption,
} from './shared-options.ts';

interface Typed extends TypedChannel {
  reader?: { readonly choice: ReaderChoice; readonly text: string };
  profile?: string;
  image?: string;
  state?: PinState;
  interface?: CardInterface;
  sequence?: Sequence;
  plan?: PlanName;
  apdu?: readonly Uint8Array[];
  taps: number;
  warmUp: number;
  rate?: number;
  arrivals?: 'closed' | 'fixed';
  air?: number;
  whatIf?: readonly WhatIfChange[];
  pin?: boolean;
  pinFile?: string;
  timeout: number;
  save?: string;
  csv?: string;
  html?: string;
  traces?: string;
  keepSecrets?: boolean;
  baseline?: string;
  failIfSlower?: number;
  json?: boolean;
}

/** All of them are in the result: a file of more would be no use to anybody. */
const MOST_TAPS = 50_000;
const MOST_PER_SECOND = 100_000;
/** What a PN532 can ask a card for, in kbit/s. */
const AIR_RATES: readonly number[] = [106, 212, 424];

/** `vitap bench tap`, beside the other benches. */
export const declareBenchTap: DeclareVerb = (program, perform) => {
  const bench = program.commands.find((each) => each.name() === 'bench') ?? program.command('bench');
  const tap = bench
    .command('tap')
    .description('measure whole taps, one after the other: how long they take, and where the time goes');
  addReaderOption(tap, '', (text) => ({ choice: parseReader(text), text }));
  addInterfaceOption(addCardOptions(tap));
  tap
    .addOption(new Option('--sequence <name>', 'what each tap reads and how (default: all)').choices(SEQUENCES))
    .addOption(new Option('--plan <name>', 'how the own application is read (default: classic)').choices(PLANS))
    .option('--apdu <commands>', 'send these commands instead, in hexadecimal, separated by semicolons', parseApdus)
    .option('--taps <number>', `number of taps, up to ${MOST_TAPS}`, parseCount, 100)
    .option('--warm-up <number>', 'taps before those, which do not count', parseWarmUp, 5)
    .option(
      '--rate <number>',
      'start this many taps per second, at fixed moments, however long each takes: 2, 0.5, 2/s',
      parseRate,
    )
    .addOption(
      new Option(
        '--arrivals <kind>',
        'closed: each tap begins when the one before is over; fixed: at the moments of --rate',
      ).choices(['closed', 'fixed']),
    )
    .option('--air <kbit/s>', 'bit rate that a PN532 asks for: 106, 212 or 424', parseAir)
    .option(
      '--what-if <change>',
      'predict another link, for example rate=848,fsd=256,baud=921600; may be given again',
      addWhatIf,
    );
  addOutputOptions(addChannelOptions(addPinOptions(tap)));
  addJsonOption(tap)
    .addOption(timeoutOption('how long to wait for a reader and a card'))
    .action((typed: Typed) =>
      perform(typed, async (io) => {
        const options = benchTapOptions(typed);
        const { runBenchTap } = await import('../../measure/tap/verb.ts');
        return runBenchTap(options, outputsOf(typed), io);
      }),
    );
};

function addOutputOptions(command: Command): Command {
  return command
    .option('--save <file>', 'save the whole result, for --baseline and `vitap bench compare`')
    .option('--csv <file>', 'write one line for each tap; - for standard output')
    .option('--html <file>', 'write the report as one HTML file')
    .option('--traces <folder>', 'write traces of the slowest tap and of outliers, with secrets masked')
    .option('--keep-secrets', 'mask nothing in these traces')
    .option('--baseline <file>', 'compare with a saved result')
    .option(
      '--fail-if-slower <share>',
      'with --baseline: exit 1 when it is slower by more than this, for example 5%',
      parseShare,
    );
}

function outputsOf(typed: Typed): BenchTapOutputs {
  const { save = null, csv = null, html = null, baseline = null, failIfSlower = null } = typed;
  if (failIfSlower !== null && baseline === null) throw new UsageError('--fail-if-slower needs --baseline FILE');
  if (csv === '-' && typed.json === true) throw new UsageError('--csv - and --json both want standard output');
  return { save, csv, html, baseline, failIfSlower };
}

function benchTapOptions(typed: Typed): BenchTapOptions {
  outputsOf(typed);
  const target = readerAndCard(
    { reader: typed.reader?.choice, card: cardSource(typed), interface: typed.interface },
    { profileDescribes: true },
  );
  const driver = readerDriver(target.reader);
  if (typed.taps > MOST_TAPS)
    throw new UsageError(`--taps is at most ${MOST_TAPS}; \`vitap bench soak\` runs for hours`);
  if (typed.apdu !== undefined && (typed.sequence !== undefined || typed.plan !== undefined)) {
    throw new UsageError('--apdu says what is sent; --sequence and --plan do too: give one of them');
  }
  const short = typed.apdu?.findIndex(({ length }) => length < 4) ?? -1;
  if (short !== -1) throw new UsageError(`--apdu: command ${short + 1} is shorter than four bytes, CLA INS P1 P2`);
  const sequence = typed.sequence ?? 'all';
  if (typed.plan !== undefined && sequence !== 'own' && sequence !== 'all') {
    throw new UsageError('--plan is about the own application: it goes with --sequence own or all');
  }
  if (typed.air !== undefined && driver.chip === undefined) {
    throw new UsageError(
      '--air goes with a PN532: other readers choose the bit rate themselves; --what-if rate= predicts one',
    );
  }
  refuseWhatIfs(typed.whatIf ?? [], driver.serialPort !== undefined);
  if (typed.keepSecrets === true && typed.traces === undefined) {
    throw new UsageError('--keep-secrets says how to write traces; give --traces FOLDER too');
  }
  return {
    ...target,
    readerText: typed.reader?.text ?? target.reader.driver,
    sequence,
    plan: typed.plan ?? 'classic',
    commands: typed.apdu ?? null,
    taps: typed.taps,
    warmUp: typed.warmUp,
    arrivals: arrivalsOf(typed),
    air: typed.air ?? 106,
    whatIf: typed.whatIf ?? [],
    pin: pinChoice(typed),
    channel: channelChoice(typed),
    timeoutMs: typed.timeout,
    traces: typed.traces ?? null,
    keepSecrets: typed.keepSecrets === true,
  };
}

/** Before anything is tapped: only a serial line has a baud rate. */
function refuseWhatIfs(changes: readonly WhatIfChange[], serial: boolean): void {
  for (const change of changes) {
    const refusal = whatIfRefusal(change, serial);
    if (refusal !== null) throw new UsageError(refusal);
  }
}

function arrivalsOf({ rate, arrivals }: Typed): Arrivals {
  if (rate === undefined) {
    if (arrivals === 'fixed') throw new UsageError('--arrivals fixed needs --rate: how many taps a second');
    return { kind: 'closed' };
  }
  if (arrivals === 'closed')
    throw new UsageError('--rate gives each tap its moment, and --arrivals closed takes it away');
  return { kind: 'fixed', ratePerSecond: rate };
}

function parseWarmUp(text: string): number {
  if (text === '0') return 0;
  return parseCount(text);
}

/** `2`, `0.5`, `2/s` */
function parseRate(text: string): number {
  const digits = /^(\d{1,6}(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1];
  const rate = Number(digits ?? 0);
  if (rate <= 0 || rate > MOST_PER_SECOND) {
    throw new InvalidArgumentError(`Taps a second are a number over 0 and up to ${MOST_PER_SECOND}, as 2 or 0.5/s.`);
  }
  return rate;
}

function parseAir(text: string): number {
  const rate = Number(text);
  if (!AIR_RATES.includes(rate)) {
    throw new InvalidArgumentError(
      `A PN532 speaks to cards at ${AIR_RATES.join(', ')} kbit/s; --what-if rate=848 predicts more.`,
    );
  }
  return rate;
}

function addWhatIf(text: string, before: readonly WhatIfChange[] = []): readonly WhatIfChange[] {
  return [...before, parseWhatIf(text)];
}
