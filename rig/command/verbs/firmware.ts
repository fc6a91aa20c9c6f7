import { UsageError } from '../../console/failure.ts';
import { cardSource } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import { addCardOptions, addJsonOption } from './shared-options.ts';

interface TypedBuild {
  readonly board: string;
  readonly profile?: string;
  readonly image?: string;
  readonly out: string;
  readonly channel: boolean;
  readonly json?: boolean;
}

interface TypedRun {
  readonly board: string;
  readonly host: string;
  readonly pn532?: string;
  readonly json?: boolean;
}

export const declareFirmware: DeclareVerb = (program, perform) => {
  const firmware = program.command('firmware').description('the card as firmware of a microcontroller');
  const build = firmware
    .command('build')
    .description('build the card and its image for a board: ELF, BIN, HEX, UF2')
    .requiredOption('--board <name>', 'board description in firmware/boards');
  addJsonOption(
    addCardOptions(build)
      .option('--out <folder>', 'folder for the files', '.')
      .option('--no-channel', 'leave the elliptic curves out: smaller, and the card opens no secure channel')
      .action((typed: TypedBuild) =>
        perform(typed, async (io) => {
          const card = cardSource(typed);
          if (card === null) throw new UsageError('which card? name one with --profile or --image');
          const { buildCommand } = await import('../../board/firmware/build-command.ts');
          return buildCommand({ board: typed.board, card, out: typed.out, channel: typed.channel }, io);
        }),
      ),
  );
  firmware
    .command('run')
    .description('run a built firmware in qemu until Ctrl-C, as a reader of its own and with a PN532 on its UART')
    .argument('<elf>', 'file that build made')
    .requiredOption('--board <name>', 'board description in firmware/boards')
    .requiredOption('--host <port>', 'serial port to make, at which the host finds the card')
    .option('--pn532 <port>', 'serial port of a PN532, real or of vitap board sim')
    .action((elf: string, typed: TypedRun) =>
      perform(typed, async (io) => {
        const { runFirmware } = await import('../../board/firmware/run.ts');
        const { board, host, pn532 = null } = typed;
        return runFirmware({ board, elf, host, pn532 }, io);
      }),
    );
};
