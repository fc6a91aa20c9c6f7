import type { Command } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import type { CounterReader } from '../../life/counter/at-the-reader.ts';
import { cardSource, channelChoice, pinChoice, recordChoice } from '../option-values.ts';
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

interface TypedTap extends TypedReader {
  invoices?: boolean;
  on?: string;
  show?: boolean;
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
    .option('--on <date>', 'the day that rights are judged for, for example 2026-01-31 (default: today)');
  addJsonOption(addShow(tap)).action((typed: TypedTap) =>
    perform(typed, async (io) => {
      const { counterTap } = await import('../../life/counter/tap.ts');
      const options = {
        ...readerOf(typed),
        invoices: typed.invoices === true,
        rightsOn: dayOption(typed.on),
        show: typed.show === true,
      };
      return counterTap(options, null, io);
    }),
  );
};

/** The reader with the card, and what opens the channel. */
function addReader(command: Command): Command {
  addReaderOption(command);
  addInterfaceOption(addCardOptions(command));
  command
    .option('--keys <file>', 'keys and certificates of the professional’s terminal (see: vitap pki issue); or: test')
    .option('--can-file <file>', 'the access number on the phone, in the first line of a file (otherwise VITAP_CAN)');
  addPinOptions(command);
  return addRecordOptions(command)
    .addOption(sessionKeysOption())
    .addOption(timeoutOption('how long to wait for a reader and a card'));
}

function addShow(command: Command): Command {
  return command.option('--show', 'show names, birth dates and NIRs, which are masked otherwise');
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
