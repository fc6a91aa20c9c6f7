import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';
import { LINK_FORMS, type LinkChoice, USUAL_LINK } from '../../endpoint/links.ts';
import { readerAndCard, type VerbHabits } from '../../endpoint/reader-and-card.ts';
import { type ReaderChoice, readerDriver } from '../../endpoint/readers.ts';
import {
  cardSource,
  channelChoice,
  evidenceChoice,
  parseLink,
  parseSeconds,
  recordChoice,
  type TypedChannel,
} from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addChannelOptions,
  addEvidenceOptions,
  addInterfaceOption,
  addJsonOption,
  addReaderOption,
  addRecordOptions,
  sessionKeysOption,
  timeoutOption,
} from './shared-options.ts';

interface Typed extends TypedChannel {
  keys?: string;
  from?: string;
  reader?: ReaderChoice;
  profile?: string;
  image?: string;
  state?: PinState;
  interface?: CardInterface;
  rules?: string;
  secrets?: string;
  keepGoing?: boolean;
  pace?: 'fast' | number;
  maxDeviation?: string;
  asCard?: boolean;
  link?: LinkChoice;
  match?: 'order' | 'best';
  responseTime?: 'recorded' | 'none' | number;
  once?: boolean;
  for?: number;
  wait?: boolean;
  keepSecrets?: boolean;
  redactionKey?: string;
  timeout: number;
  json?: boolean;
  html?: string;
  junit?: string;
  evidence?: string;
  evidenceKey?: string;
  imageKey?: string;
  jobs?: number;
  only?: string;
  list?: boolean;
}

export const declareReplay: DeclareVerb = (program, perform) => {
  const replay = program
    .command('replay <trace>')
    .description(
      'send the commands of a trace, or of a suite of traces, to a card and judge its answers; or be the card that answers (--as-card)',
    )
    .option('--from <format>', 'format of the trace (default: recognised by its content)')
    .option('--rules <file>', 'how to compare, or with --as-card how to answer (YAML)')
    .option('--secrets <file>', 'codes, keys and masked bytes that the trace does not show (YAML)');
  addReaderOption(replay, 'where the card is: ')
    .option('--keep-going', 'go on after the first divergence')
    .option('--pace <pace>', 'fast, original, or a factor: 2 is twice as fast as recorded (default: fast)', parsePace)
    .option(
      '--max-deviation <limit>',
      'largest difference between a response time and the recorded one: 5ms, 20%, +5ms (only slower)',
    )
    .option('--as-card', 'be the card: answer a terminal as the trace does, and judge the terminal')
    .option('--link <link>', `the terminal's side: ${LINK_FORMS} (default: vpcd)`, parseLink)
    .addOption(
      new Option('--match <how>', 'match commands in the order of the trace, or the best in any order').choices([
        'order',
        'best',
      ]),
    )
    .option(
      '--response-time <time>',
      'recorded, none, or milliseconds for each answer (default: none)',
      parseResponseTime,
    )
    .option('--once', 'end when the terminal has ended its session')
    .option('--for <seconds>', 'end after this time', parseSeconds)
    .option('--wait', 'wait for the virtual reader or the board when it is not there yet');
  replay
    .option(
      '--jobs <number>',
      'with a suite and --reader loopback: number of traces at a time, each to its own card',
      parseJobs,
    )
    .option('--only <ids>', 'with a suite: run the traces with these ids, for example identity*,!*-old')
    .option('--list', 'with a suite: list its traces and run none')
    .option('--html <file>', 'write a report that opens offline')
    .option('--junit <file>', 'write the verdicts as JUnit XML');
  addChannelOptions(replay)
    .addOption(sessionKeysOption())
    .option(
      '--keys <file>',
      'session keys of the trace: what was protected is replayed, or played, inside a new channel',
    );
  addEvidenceOptions(replay, 'traces, rules, verdicts, environment, the report if there is one');
  addInterfaceOption(addCardOptions(replay));
  addJsonOption(addRecordOptions(replay))
    .addOption(timeoutOption('how long to wait for a reader and a card'))
    .action((trace: string, typed: Typed) =>
      perform(typed, async (io) => {
        const folder = suiteFolder(trace);
        if (folder !== null) {
          const options = suiteOptions(folder, typed);
          const { replaySuite } = await import('../../judge/suite/suite.ts');
          return replaySuite(options, io);
        }
        refuse(typed, ['jobs', 'only', 'list'], `goes with a suite, and ${trace} is no folder`);
        if (typed.asCard === true) {
          const options = asCardOptions(trace, typed);
          const { replayAsCard } = await import('../../judge/replay/as-card.ts');
          return replayAsCard(options, io);
        }
        const options = toCardOptions(trace, typed);
        const { replay: run } = await import('../../judge/replay/replay.ts');
        return run(options, io);
      }),
    );
};

/** A folder that is there, or one of the suites that come with vitap; null: a trace. */
function suiteFolder(named: string): string | null {
  const found = statSync(named, { throwIfNoEntry: false });
  if (found !== undefined) return found.isDirectory() ? named : null;
  const shipped = /^suites\/[\w-]+\/?$/.test(named) ? join(PACKAGE_ROOT, named) : null;
  return shipped !== null && existsSync(shipped) ? shipped : null;
}

function suiteOptions(folder: string, typed: Typed) {
  refuse(typed, ['asCard', ...AS_CARD_OPTIONS], 'does not go with a suite');
  refuse(typed, [...CHANNEL_OPTIONS, 'keys'], 'is for one trace');
  refuse(typed, ['from', 'pace', 'maxDeviation'], 'stands in the suite itself, for each trace');
  refuse(typed, ['record'], 'is for one trace; --evidence keeps what each trace of a suite recorded');
  if (typed.list === true) {
    return { folder, ...targetOf(typed, { withoutCard: true }), ...suiteChoice(typed) };
  }
  const target = targetOf(typed);
  const choice = suiteChoice(typed);
  if (choice.jobs > 1 && readerDriver(target.reader).ourCards !== 'in process') {
    throw new UsageError('--jobs goes with --reader loopback: one card in a reader takes one trace at a time');
  }
  return { folder, ...target, ...choice };
}

function suiteChoice(typed: Typed) {
  return {
    rules: typed.rules ?? null,
    secrets: typed.secrets ?? null,
    keepGoing: typed.keepGoing === true,
    keepSecrets: typed.keepSecrets === true,
    jobs: typed.jobs ?? 1,
    only: typed.only ?? null,
    list: typed.list === true,
    outputs: outputsOf(typed),
    timeoutMs: typed.timeout,
  };
}

/** @throws {UsageError} half of a pair */
function outputsOf(typed: Typed) {
  const { html, junit } = typed;
  const evidence = evidenceChoice(typed);
  if (html === '-' || junit === '-') throw new UsageError('--html and --junit take the name of a file');
  return { html: html ?? null, junit: junit ?? null, evidence };
}

const CHANNEL_OPTIONS = ['canFile', 'channel', 'channelFile', 'terminalKeys', 'sessionKeys'];
const AS_CARD_OPTIONS = ['link', 'match', 'responseTime', 'once', 'for', 'wait'];

/** @throws {UsageError} */
function refuse(typed: Typed, names: readonly string[], why: string): void {
  const misplaced = names.filter((name) => name in typed);
  if (misplaced.length > 0) throw new UsageError(`${misplaced.map(asOption).join(', ')} ${why}`);
}

function toCardOptions(trace: string, typed: Typed) {
  refuse(typed, AS_CARD_OPTIONS, 'goes with --as-card');
  return {
    trace,
    from: typed.from ?? null,
    ...targetOf(typed),
    rules: typed.rules ?? null,
    secrets: typed.secrets ?? null,
    channel: channelChoice(typed),
    keys: typed.keys ?? null,
    keepGoing: typed.keepGoing === true,
    pace: typed.pace ?? ('fast' as const),
    maxDeviation: typed.maxDeviation ?? null,
    record: record(typed),
    keepSecrets: typed.keepSecrets === true,
    timeoutMs: typed.timeout,
    outputs: outputsOf(typed),
  };
}

/** @throws {UsageError} reader and card do not go together */
function targetOf(typed: Typed, habits: VerbHabits = {}) {
  return readerAndCard({ ...typed, card: cardSource(typed) }, habits);
}

function asCardOptions(trace: string, typed: Typed) {
  refuse(typed, ['reader', 'image', 'keepGoing', 'pace', 'maxDeviation'], 'does not go with --as-card');
  refuse(typed, ['terminalKeys', 'sessionKeys'], 'does not go with --as-card: the terminal has its own');
  if (typed.keys === undefined) {
    refuse(
      typed,
      [...CHANNEL_OPTIONS, 'profile', 'state'],
      'goes with --as-card only where --keys opens the channels of the trace',
    );
  }
  refuse(typed, ['state'], 'does not go with --as-card');
  if (typed.interface === 'wired') throw new UsageError('--as-card is a card at a reader: contact or contactless');
  return {
    trace,
    from: typed.from ?? null,
    rules: typed.rules ?? null,
    secrets: typed.secrets ?? null,
    keys: typed.keys ?? null,
    channel: channelChoice(typed),
    card: typed.profile === undefined ? null : cardSource(typed),
    link: typed.link ?? USUAL_LINK,
    interface: typed.interface ?? null,
    match: typed.match ?? ('order' as const),
    responseTime: typed.responseTime ?? ('none' as const),
    once: typed.once === true,
    forMs: typed.for ?? null,
    wait: typed.wait === true,
    record: record(typed),
    keepSecrets: typed.keepSecrets === true,
    outputs: outputsOf(typed),
  };
}

/** Here `--keep-secrets` is also about what is printed. */
function record({ record: file, keepSecrets, redactionKey }: Typed) {
  if (file === undefined && redactionKey === undefined) return { file: null, keepSecrets: false };
  const choice = redactionKey === undefined ? {} : { redactionKey };
  return recordChoice({
    ...(file === undefined ? {} : { record: file }),
    keepSecrets: keepSecrets === true,
    ...choice,
  });
}

function asOption(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function parseJobs(text: string): number {
  const jobs = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (jobs < 1 || jobs > 64) throw new InvalidArgumentError('It takes a number from 1 to 64.');
  return jobs;
}

function parsePace(text: string): 'fast' | number {
  if (text === 'fast') return 'fast';
  if (text === 'original') return 1;
  const factor = /^\d{1,4}(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (factor <= 0) throw new InvalidArgumentError('A pace is fast, original, or a factor such as 2 or 0.5.');
  return factor;
}

function parseResponseTime(text: string): 'recorded' | 'none' | number {
  if (text === 'recorded' || text === 'none') return text;
  const ms = /^\d{1,5}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(ms >= 0 && ms <= 60_000)) {
    throw new InvalidArgumentError('A response time is recorded, none, or milliseconds up to 60000.');
  }
  return ms;
}
