import type { Command } from 'commander';
import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { PinState } from '../../card/card-source.ts';
import { UsageError } from '../../console/failure.ts';
import { channelChoice, parseApdu, parseApdus, type TypedChannel } from '../option-values.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { addChannelOptions, addInterfaceOption, addJsonOption, stateOption } from './shared-options.ts';

export const declareCard: DeclareVerb = (program, perform) => {
  const card = program.command('card').description('make card images, and show what is in them');
  declareBuild(card, perform);
  declareShow(card, perform);
  declareExplain(card, perform);
  declareCommands(card, perform);
};

function declareBuild(card: Command, perform: Perform): void {
  const build = card
    .command('build')
    .description('make card images from profiles')
    .argument('[profiles...]', 'names of shipped profiles, or profile files (default: every shipped profile)')
    .option('--out <file>', 'the image file, for one profile (default: NAME.img here)')
    .option('--seed <text>', 'make the same card from the same text (default: a new card each time)')
    .addOption(stateOption())
    .option('--force', 'replace an image file that exists, and all that was written into it');
  addJsonOption(build).action(
    (profiles: string[], typed: { out?: string; seed?: string; state?: PinState; force?: boolean; json?: boolean }) =>
      perform(typed, async (io) => {
        if (typed.out !== undefined && profiles.length !== 1) {
          throw new UsageError('--out names one file: give one profile with it');
        }
        const { buildCard } = await import('../../card/build.ts');
        const { out = null, seed = null, state = null, force = false } = typed;
        return buildCard({ profiles, out, seed, state, force }, io);
      }),
  );
}

function declareShow(card: Command, perform: Perform): void {
  const show = card
    .command('show')
    .description('show the files, codes and rules of a card')
    .argument('<card>', 'an image file, or a profile by name or path');
  addJsonOption(show).action((source: string, typed: { json?: boolean }) =>
    perform(typed, async (io) => {
      const { showCard } = await import('../../card/show.ts');
      return showCard({ card: source }, io);
    }),
  );
}

function declareExplain(card: Command, perform: Perform): void {
  const explain = card
    .command('explain')
    .description('say why a card answers a command as it does, without changing the card')
    .argument('<card>', 'an image file, or a profile by name or path')
    .argument('<command>', 'the command in hexadecimal', parseApdu)
    .option('--after <commands>', 'commands to send first, in hexadecimal, separated by semicolons', parseApdus);
  addInterfaceOption(explain);
  addChannelOptions(explain);
  addJsonOption(explain).action(
    (
      source: string,
      command: Uint8Array,
      typed: TypedChannel & { after?: readonly Uint8Array[]; interface?: CardInterface; json?: boolean },
    ) =>
      perform(typed, async (io) => {
        const { explainCommand } = await import('../../card/explain-command.ts');
        const { ReaderChannel } = await import('../../channel/reader-channel.ts');
        const channel = await ReaderChannel.from(channelChoice(typed), io, true);
        try {
          const { after = [], interface: cardInterface = null } = typed;
          return await explainCommand({ card: source, command, after, interface: cardInterface, channel }, io);
        } finally {
          channel?.wipe();
        }
      }),
  );
}

function declareCommands(card: Command, perform: Perform): void {
  const commands = card.command('commands').description('list the commands that the card knows');
  addJsonOption(commands).action((typed: { json?: boolean }) =>
    perform(typed, async (io) => {
      const { listCommands } = await import('../../card/commands.ts');
      return listCommands({}, io);
    }),
  );
}
