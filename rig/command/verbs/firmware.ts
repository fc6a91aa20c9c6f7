import { UsageError } from '../../console/failure.ts';
import { cardSource, channelChoice, pinChoice, type TypedChannel } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import {
  addCardOptions,
  addChannelOptions,
  addJsonOption,
  addPinOptions,
  imageKeyOption,
  timeoutOption,
} from './shared-options.ts';

interface TypedBuild {
  readonly board: string;
  readonly profile?: string;
  readonly image?: string;
  readonly out: string;
  readonly channel: boolean;
  readonly json?: boolean;
}

interface TypedMeasure extends TypedChannel {
  readonly board: string;
  readonly pin?: boolean;
  readonly pinFile?: string;
  readonly json?: boolean;
}

interface TypedHolder {
  readonly pin?: boolean;
  readonly pinFile?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

interface TypedRun {
  readonly board: string;
  readonly host: string;
  readonly pn532?: string;
  readonly json?: boolean;
}

interface TypedPut {
  readonly image: string;
  readonly imageKey?: string;
  readonly timeout: number;
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
  const measure = firmware
    .command('measure')
    .description('measure a built firmware in qemu by one tap: flash, RAM, and instructions of every step')
    .argument('<elf>', 'file that build made')
    .requiredOption('--board <name>', 'board description in firmware/boards');
  addJsonOption(addChannelOptions(addPinOptions(measure))).action((elf: string, typed: TypedMeasure) =>
    perform(typed, async (io) => {
      const { measureCommand } = await import('../../board/firmware/measure-command.ts');
      return measureCommand({ board: typed.board, elf, pin: pinChoice(typed), channel: channelChoice(typed) }, io);
    }),
  );
  const put = firmware
    .command('put')
    .description('put another card into a board that runs the firmware, and read it back')
    .argument('<port>', 'serial port of the board’s UART to the host')
    .requiredOption('--image <file>', 'image of the card')
    .addOption(imageKeyOption())
    .addOption(timeoutOption('how long to wait for the board'));
  addJsonOption(put).action((port: string, typed: TypedPut) =>
    perform(typed, async (io) => {
      const { putCommand } = await import('../../board/firmware/put-command.ts');
      const { image, timeout, imageKey = null } = typed;
      return putCommand({ port, image, timeoutMs: timeout, imageKey }, io);
    }),
  );
  for (const act of ['unlock', 'lock'] as const) {
    const holder = firmware
      .command(act)
      .description(
        act === 'unlock'
          ? 'the holder at a board: the code on the screen of its card opens the window'
          : 'the holder at a board: close the window of its card',
      )
      .argument('<port>', 'serial port of the board’s UART to the host')
      .addOption(timeoutOption('how long to wait for the board'));
    if (act === 'unlock') addPinOptions(holder);
    holder.action((port: string, typed: TypedHolder) =>
      perform(typed, async (io) => {
        const { holderCommand } = await import('../../board/firmware/holder-command.ts');
        const unlock = act === 'unlock' ? pinChoice(typed) : null;
        return holderCommand({ port, timeoutMs: typed.timeout, unlock }, io);
      }),
    );
  }
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
