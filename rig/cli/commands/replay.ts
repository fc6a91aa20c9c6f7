import { InvalidArgumentError, Option } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import { UsageError } from '../failure.ts';
import { cardSource, parseLink, parseReader, parseSeconds, recordChoice } from '../option-values.ts';
import type { LinkChoice, ReaderChoice } from '../options.ts';
import type { DeclareVerb } from '../program.ts';
import { addCardOptions, addInterfaceOption, addJsonOption, addRecordOptions } from './shared-options.ts';

interface Typed {
  from?: string;
  reader?: ReaderChoice;
  profile?: string;
  image?: string;
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
  record?: string;
  keepSecrets?: boolean;
  timeout: number;
  json?: boolean;
}

export const declareReplay: DeclareVerb = (program, perform) => {
  const replay = program
    .command('replay <trace>')
    .description(
      'send the commands of a trace to a card and judge its answers; or be the card that answered (--as-card)',
    )
    .option('--from <format>', 'read the trace as this format (default: guessed by its content)')
    .option('--rules <file>', 'how to compare, or with --as-card how to answer (YAML)')
    .option('--secrets <file>', 'codes, keys and masked bytes that the trace does not show (YAML)');
  replay
    .option(
      '--reader <reader>',
      'to a card in loopback, pcsc, or pcsc:NAME with a part of the name (default: pcsc; loopback when a card is named)',
      parseReader,
    )
    .option('--keep-going', 'go on after the first divergence')
    .option('--pace <pace>', 'fast, original, or a factor: 2 is twice as fast as recorded (default: fast)', parsePace)
    .option(
      '--max-deviation <limit>',
      'how far a response time may be from the recorded one: 5ms, 20%, +5ms (only slower)',
    )
    .option('--as-card', 'be the card: answer what a terminal sends as the trace does, and judge the terminal')
    .option('--link <link>', 'where to be the card: vpcd, vpcd:HOST or vpcd:HOST:PORT (default: vpcd)', parseLink)
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
    .option('--for <seconds>', 'end after so long', parseSeconds)
    .option('--wait', 'wait for the virtual reader when it is not there yet');
  addInterfaceOption(addCardOptions(replay));
  addJsonOption(addRecordOptions(replay))
    .option('--timeout <seconds>', 'how long to wait for a reader and a card', parseSeconds, 10_000)
    .action((trace: string, typed: Typed) =>
      perform(typed, async (io) => {
        if (typed.asCard === true) {
          const options = asCardOptions(trace, typed);
          const { replayAsCard } = await import('../../replay/as-card.ts');
          return replayAsCard(options, io);
        }
        const options = toCardOptions(trace, typed);
        const { replay: run } = await import('../../replay/replay.ts');
        return run(options, io);
      }),
    );
};

function toCardOptions(trace: string, typed: Typed) {
  const misplaced = ['link', 'match', 'responseTime', 'once', 'for', 'wait'].filter((name) => name in typed);
  if (misplaced.length > 0) throw new UsageError(`${misplaced.map(asOption).join(', ')} goes with --as-card`);
  const card = cardSource(typed);
  const reader: ReaderChoice =
    typed.reader ?? (card === null ? { driver: 'pcsc', name: null } : { driver: 'loopback' });
  if (reader.driver === 'loopback' && card === null) {
    throw new UsageError('a loopback reader has no card of its own: name one with --profile or --image');
  }
  if (reader.driver !== 'loopback' && (card !== null || typed.interface !== undefined)) {
    throw new UsageError(
      '--profile, --image and --interface go with --reader loopback: another reader has its own card',
    );
  }
  return {
    trace,
    from: typed.from ?? null,
    reader,
    card,
    interface: typed.interface ?? null,
    rules: typed.rules ?? null,
    secrets: typed.secrets ?? null,
    keepGoing: typed.keepGoing === true,
    pace: typed.pace ?? ('fast' as const),
    maxDeviation: typed.maxDeviation ?? null,
    record: record(typed),
    keepSecrets: typed.keepSecrets === true,
    timeoutMs: typed.timeout,
  };
}

function asCardOptions(trace: string, typed: Typed) {
  const misplaced = ['reader', 'profile', 'image', 'keepGoing', 'pace', 'maxDeviation'].filter((name) => name in typed);
  if (misplaced.length > 0) throw new UsageError(`${misplaced.map(asOption).join(', ')} does not go with --as-card`);
  if (typed.interface === 'wired') throw new UsageError('--as-card is a card at a reader: contact or contactless');
  return {
    trace,
    from: typed.from ?? null,
    rules: typed.rules ?? null,
    secrets: typed.secrets ?? null,
    link: typed.link ?? parseLink('vpcd'),
    interface: typed.interface ?? null,
    match: typed.match ?? ('order' as const),
    responseTime: typed.responseTime ?? ('none' as const),
    once: typed.once === true,
    forMs: typed.for ?? null,
    wait: typed.wait === true,
    record: record(typed),
    keepSecrets: typed.keepSecrets === true,
  };
}

/** Here `--keep-secrets` is also about what is printed. */
function record({ record: file, keepSecrets }: Typed) {
  return file === undefined
    ? { file: null, keepSecrets: false }
    : recordChoice({ record: file, keepSecrets: keepSecrets === true });
}

function asOption(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
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
