import { type Command, Option } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import type { CounterReader } from '../../life/counter/at-the-reader.ts';
import { cardSource, channelChoice, parseCount, parsePort, pinChoice, recordChoice } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addInterfaceOption,
  addJsonOption,
  addPinOptions,
  addReaderOption,
  addRecordOptions,
  sessionKeysOption,
  timeoutOption,
} from './shared-options.ts';

interface TypedReader {
  reader?: ReaderChoice;
  profile?: string;
  image?: string;
  state?: PinState;
  interface?: CardInterface;
  keys?: string;
  canFile?: string;
  sessionKeys?: string;
  pin?: boolean;
  pinFile?: string;
  record?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  timeout: number;
}

interface TypedTrust {
  issuer?: string;
  trust?: string;
  statusList?: string;
  maxListAge?: number;
  offline?: boolean;
  acceptUnchecked?: boolean;
}

interface TypedReading extends TypedTrust {
  counter?: string;
  on?: string;
  show?: boolean;
  json?: boolean;
}

interface TypedTap extends TypedReader, TypedReading {
  presence?: boolean;
  invoices?: boolean;
}

interface TypedServe extends TypedReader, Omit<TypedReading, 'json'> {
  port: number;
}

interface TypedScan extends TypedReading {
  image?: string;
  keys?: string;
  timeout: number;
}

interface TypedClaim extends TypedReader {
  after?: string;
  counter?: string;
  json?: boolean;
}

export const declareCounter: DeclareVerb = (program, perform) => {
  const counter = program
    .command('counter')
    .description('the professional’s side: who presents a card, by NFC or QR, are rights open, and the claim back');
  const tap = counter
    .command('tap')
    .description('read the card on the reader, in a secure channel, with the keys of a professional’s terminal');
  addReader(tap)
    .option('--invoices', 'also read the invoices on the card')
    .option('--presence', 'read the presence on the card and resolve it at the issuer (--issuer)');
  addJsonOption(addReading(tap)).action((typed: TypedTap) =>
    perform(typed, async (io) => {
      const options = {
        ...readerOf(typed),
        ...readingOf(typed),
        invoices: typed.invoices === true,
        presence: typed.presence === true,
      };
      const { counterTap } = await import('../../life/counter/tap.ts');
      return counterTap(options, io);
    }),
  );
  const scan = counter
    .command('scan')
    .description('read a QR code: a line of a scanner or pasted text on standard input, or a picture')
    .option('--image <file>', 'picture with the QR code (PNG)');
  addJsonOption(addReading(addKeys(scan)))
    .addOption(timeoutOption('how long to wait for an answer of the issuer'))
    .action((typed: TypedScan) =>
      perform(typed, async (io) => {
        const { image = null, keys = null, timeout: timeoutMs } = typed;
        const options = { ...readingOf(typed), image, keys, timeoutMs };
        const { counterScan } = await import('../../life/counter/scan.ts');
        return counterScan(options, io);
      }),
    );
  const claim = counter
    .command('claim')
    .description('give the claim’s summary back: onto the card, or after a scan to the issuer')
    .argument('<file>', 'the claim, in YAML or JSON: docs/counter.md has its fields')
    .option('--after <reading>', 'name of the reading that it follows, or: last');
  addJsonOption(addFolder(addReader(claim))).action((file: string, typed: TypedClaim) =>
    perform(typed, async (io) => {
      const run = await import('../../life/counter/claim.ts');
      const { after, keys = null, counter: folder = null, timeout: timeoutMs } = typed;
      const toCard = [typed.reader, typed.profile, typed.image].some((each) => each !== undefined);
      if (after === undefined) {
        if (!toCard && typed.canFile === undefined && (io.env.VITAP_CAN ?? '') === '') {
          throw new UsageError(
            'what does the claim follow? --after READING (or: --after last) sends it to the issuer; onto the card it goes with --reader and the access number, --can-file FILE or VITAP_CAN',
          );
        }
        return run.claimToCard(file, readerOf(typed), io);
      }
      if (toCard) {
        throw new UsageError(
          '--after sends the claim to the issuer, and --reader puts it on the card: give one of them',
        );
      }
      return run.claimAfter({ file, after, keys, counter: folder, timeoutMs }, io);
    }),
  );
  const queue = counter
    .command('queue')
    .description('the claims of this counter: which wait, which were sent, and why one was not')
    .addArgument(counter.createArgument('[action]', 'send: send what waits').choices(['send']));
  addJsonOption(addFolder(addKeys(queue)))
    .addOption(timeoutOption('how long to wait for an answer of the issuer'))
    .action((action: 'send' | undefined, typed: { keys?: string; counter?: string; timeout: number; json?: boolean }) =>
      perform(typed, async (io) => {
        const { keys = null, counter: folder = null, timeout: timeoutMs } = typed;
        const { counterQueue } = await import('../../life/counter/queue-verb.ts');
        return counterQueue({ send: action === 'send', keys, counter: folder, timeoutMs }, io);
      }),
    );
  declareContext(counter, perform);
  const serve = counter
    .command('serve')
    .description('the counter as a web page on this machine: it prints the address')
    .addOption(new Option('--port <number>', 'port on 127.0.0.1; 0: any free one').argParser(parsePort).default(0));
  addReading(addReaderWithKeys(serve), false)
    .addOption(timeoutOption('how long to wait for a reader, a card, and an answer of the issuer'))
    .action((typed: TypedServe) =>
      perform(typed, async (io) => {
        const { show: _always, ...reading } = readingOf(typed);
        const withReader = [typed.reader, typed.profile, typed.image].some((each) => each !== undefined);
        const { keys = null, timeout: timeoutMs, port } = typed;
        const options = { ...reading, reader: withReader ? readerOf(typed) : null, keys, timeoutMs, port };
        const { counterServe } = await import('../../life/counter/serve.ts');
        return counterServe(options, io);
      }),
    );
};

interface TypedContext {
  keys?: string;
  counter?: string;
  timeout: number;
  json?: boolean;
}

const CONTEXT_ACTIONS = {
  renew: 'let the context of a presence live for fifteen minutes more, four hours in all',
  destroy: 'end the context of a presence: no claim follows it any more',
} as const;

function declareContext(counter: Command, perform: Parameters<DeclareVerb>[1]): void {
  const context = counter.command('context').description('what a presence has opened at its issuer');
  for (const action of ['renew', 'destroy'] as const) {
    const command = context
      .command(action)
      .description(CONTEXT_ACTIONS[action])
      .argument('[reading]', 'name of the reading', 'last');
    addJsonOption(addFolder(addKeys(command)))
      .addOption(timeoutOption('how long to wait for an answer of the issuer'))
      .action((reading: string, typed: TypedContext) =>
        perform(typed, async (io) => {
          const { keys = null, counter: folder = null, timeout: timeoutMs } = typed;
          const { counterContext } = await import('../../life/counter/context-verb.ts');
          return counterContext({ action, reading, keys, counter: folder, timeoutMs }, io);
        }),
      );
  }
}

/** The reader with the card, and what opens the channel. */
function addReader(command: Command): Command {
  addReaderWithKeys(command).option(
    '--can-file <file>',
    'the access number on the phone, in the first line of a file (otherwise VITAP_CAN)',
  );
  return addRecordOptions(command)
    .addOption(sessionKeysOption())
    .addOption(timeoutOption('how long to wait for a reader and a card'));
}

function addReaderWithKeys(command: Command): Command {
  addReaderOption(command);
  addInterfaceOption(addCardOptions(command));
  return addPinOptions(addKeys(command));
}

function addKeys(command: Command): Command {
  return command.option(
    '--keys <file>',
    'keys and certificates of the professional’s terminal (see: vitap pki issue); or: test',
  );
}

function addFolder(command: Command): Command {
  return command.option('--counter <folder>', 'where the counter keeps its claims and lists (default: state folder)');
}

/**
 * Whom the counter believes, the day, and what is shown.
 * @param masks whether people are masked unless `--show` is there: on a page of the counter they are shown
 */
function addReading(command: Command, masks = true): Command {
  addFolder(command)
    .option('--issuer <url>', 'the issuer, for example http://127.0.0.1:8620')
    .option('--trust <file>', 'the issuer’s keys (default: asked for at the issuer, else what was kept here)')
    .option('--status-list <file>', 'list of revoked activations, CWT or JWT (default: as with the keys)')
    .addOption(
      new Option('--max-list-age <seconds>', 'an older list is stale (default: as it says itself)').argParser(
        parseCount,
      ),
    )
    .option('--offline', 'ask nobody: only files and what was kept here')
    .option('--accept-unchecked', 'read a card whose activation could not be looked up')
    .option('--on <date>', 'the day that rights are judged for, for example 2026-01-31 (default: today)');
  return masks ? command.option('--show', 'show names, birth dates and NIRs, which are masked otherwise') : command;
}

function readingOf(typed: TypedReading) {
  const { issuer, trust = null, statusList = null, maxListAge: mostListSeconds = null, offline = false } = typed;
  return {
    issuer: issuer === undefined ? null : originOf(issuer),
    trust,
    statusList,
    mostListSeconds,
    offline,
    acceptUnchecked: typed.acceptUnchecked === true,
    counter: typed.counter ?? null,
    rightsOn: dayOption(typed.on),
    show: typed.show === true,
  };
}

/** @throws {UsageError} */
function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    throw new UsageError('--issuer takes an address without a path, for example http://127.0.0.1:8620');
  }
  return url.origin;
}

function readerOf(typed: TypedReader): CounterReader {
  const { keys, ...rest } = typed;
  return {
    ...readerAndCard({ ...typed, card: cardSource(typed) }),
    channel: { ...channelChoice({ ...rest, ...(keys !== undefined && { terminalKeys: keys }) }) },
    pin: pinChoice(typed),
    record: recordChoice(typed),
    timeoutMs: typed.timeout,
  };
}

/** A day as AAAAMMJJ; null: today. @throws {UsageError} */
function dayOption(text: string | undefined): string | null {
  if (text === undefined) return null;
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)?.slice(1).join('') ?? '';
  const date = new Date(`${text}T00:00:00Z`);
  if (day !== '' && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)) return day;
  throw new UsageError(`--on takes a day as 2026-01-31, and "${text}" is none`);
}
