import type { Command } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { readerAndCard } from '../../endpoint/reader-and-card.ts';
import type { ReaderChoice } from '../../endpoint/readers.ts';
import type { ShellOptions } from '../../shell/options.ts';
import { cardSource, channelChoice, recordChoice, type TypedChannel } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addChannelOptions,
  addInterfaceOption,
  addJsonOption,
  addReaderOption,
  addRecordOptions,
  sessionKeysOption,
  timeoutOption,
} from './shared-options.ts';

/** What `vitap apdu` and `vitap shell` share on the command line. */
export interface TypedForShell extends TypedChannel {
  reader?: ReaderChoice;
  profile?: string;
  image?: string;
  state?: PinState;
  interface?: CardInterface;
  pinFile?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  timeout: number;
}

export const declareShell: DeclareVerb = (program, perform) => {
  const shell = program
    .command('shell')
    .description('send commands to a card from a prompt with history and completion; `help` there lists them');
  addJsonOption(addShellOptions(shell)).action((typed: TypedForShell & { json?: boolean }) =>
    perform(typed, async (io) => {
      const options = shellOptions(typed);
      const { shell: run } = await import('../../shell/shell.ts');
      return run(options, io);
    }),
  );
};

export function addShellOptions(command: Command): Command {
  addInterfaceOption(addCardOptions(addReaderOption(command)));
  addChannelOptions(command);
  addRecordOptions(command).addOption(sessionKeysOption());
  return command
    .option('--pin-file <file>', 'file whose first line is the code for `verify` (otherwise VITAP_PIN)')
    .addOption(timeoutOption('how long to wait for a reader and a card'));
}

export function shellOptions(typed: TypedForShell): ShellOptions {
  return {
    ...readerAndCard({ ...typed, card: cardSource(typed) }, { interfaceDescribes: true }),
    record: recordChoice(typed),
    pinFile: typed.pinFile ?? null,
    channel: channelChoice(typed),
    timeoutMs: typed.timeout,
  };
}
