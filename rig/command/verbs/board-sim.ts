import { InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../../console/failure.ts';
import type { BoardCard } from '../../sim/board-sim.ts';
import { type BoardFault, FaultSyntaxError, parseFault } from '../../sim/faults/parse.ts';
import { parseAddress, parseCount } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import { addJsonOption } from './shared-options.ts';

interface Typed {
  pair?: boolean;
  boards?: number;
  linkA?: string;
  linkB?: string;
  links?: string;
  rate: string;
  card?: BoardCard[];
  fault?: BoardFault[];
  faults?: string;
  bytes?: boolean;
  bootloader?: 'stm32' | 'uf2';
  chip?: number;
  protect?: string[];
  cardAt?: number;
  keep?: string;
  json?: boolean;
}

const MOST_BOARDS = 64;

/** `vitap board sim`; the group `board` is given instead of the program. */
export const declareBoardSim: DeclareVerb = (board, perform) => {
  const sim = board
    .command('sim')
    .description('simulate PN532 boards on serial ports of this machine until Ctrl-C')
    .option('--pair', 'two boards in one field; with --boards, pairs of boards')
    .option('--boards <count>', 'number of boards (default: 1, with --pair 2)', parseCount)
    .option('--link-a <path>', "path of a link to the first board's port")
    .option('--link-b <path>', "path of a link to the second board's port")
    .option('--links <folder>', 'folder for links board-NAME (default: a new one, removed at the end)')
    .addOption(
      new Option('--rate <kbit/s>', 'the highest bit rate that the field carries')
        .choices(['106', '212', '424'])
        .default('424'),
    )
    .option(
      '--card <board:profile>',
      'put a card of this profile into the field of this board; may be given again',
      collectCard,
    )
    .option('--fault <fault>', 'BOARD:NAME[=VALUE][@WHEN], for example a:lose-ack@3; may be given again', collectFault)
    .option('--faults <file>', 'fault script (YAML)')
    .option('--bytes', 'also show the bytes of commands, responses and frames on the air, codes included')
    .addOption(
      new Option(
        '--bootloader <kind>',
        'boards in their bootloader instead: STM32 on serial ports, or UF2 drives that are folders',
      ).choices(['stm32', 'uf2']),
    )
    .option('--chip <id>', 'which chip, as its bootloader names it (default: 0x413, with uf2 RP2040)', parseChip)
    .option(
      '--card-at <address>',
      'an STM32 runs the card whose image lies there in its flash, once it is started',
      parseAddress,
    )
    .option('--protect <what>', 'readout, or pages as 0-3 from writing; may be given again', collectText)
    .option('--keep <folder>', 'flash contents stay in files board-NAME.bin of this folder');
  addJsonOption(sim).action((typed: Typed) =>
    perform(typed, async (io) => {
      const boards = typed.boards ?? (typed.pair === true ? 2 : 1);
      if (boards > MOST_BOARDS) throw new UsageError(`--boards takes up to ${MOST_BOARDS}`);
      if (typed.pair === true && boards % 2 !== 0) throw new UsageError('--pair needs an even number of boards');
      const links: Record<string, string> = {};
      if (boards > 2 && (typed.linkA !== undefined || typed.linkB !== undefined)) {
        throw new UsageError('--link-a and --link-b are for one or two boards; --links names a folder for more');
      }
      if (typed.linkA !== undefined) links.a = typed.linkA;
      if (typed.linkB !== undefined) links.b = typed.linkB;
      if (typed.bootloader !== undefined) {
        if (typed.pair === true || typed.card !== undefined || typed.bytes === true) {
          throw new UsageError('--pair, --card and --bytes are for PN532 boards');
        }
        const { runBootloaderSim } = await import('../../sim/bootloader-sim.ts');
        return runBootloaderSim(
          {
            kind: typed.bootloader,
            boards,
            links,
            folder: typed.links ?? null,
            chip: typed.chip ?? null,
            protect: typed.protect ?? [],
            cardAt: typed.cardAt ?? null,
            keep: typed.keep ?? null,
            faults: typed.fault ?? [],
            faultFile: typed.faults ?? null,
          },
          io,
        );
      }
      if ((typed.chip ?? typed.protect ?? typed.keep ?? typed.cardAt) !== undefined) {
        throw new UsageError('--chip, --protect, --card-at and --keep go with --bootloader');
      }
      const { runBoardSim } = await import('../../sim/board-sim.ts');
      return runBoardSim(
        {
          boards,
          pair: typed.pair === true,
          links,
          folder: typed.links ?? null,
          rate: Number(typed.rate),
          cards: typed.card ?? [],
          faults: typed.fault ?? [],
          faultFile: typed.faults ?? null,
          bytes: typed.bytes === true,
        },
        io,
      );
    }),
  );
};

/** As bootloaders and debuggers write it: `0x450`. */
function parseChip(text: string): number {
  if (!/^0x[0-9A-Fa-f]{1,4}$/.test(text)) throw new InvalidArgumentError('A chip is an identifier as 0x450.');
  return Number(text);
}

function collectText(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

function collectCard(text: string, before: BoardCard[] | undefined): BoardCard[] {
  const match = /^(\w+):(.+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('A card is BOARD:PROFILE, as a:ndef.');
  return [...(before ?? []), { board: match[1] as string, profile: match[2] as string }];
}

function collectFault(text: string, before: BoardFault[] | undefined): BoardFault[] {
  try {
    return [...(before ?? []), parseFault(text)];
  } catch (error) {
    if (!(error instanceof FaultSyntaxError)) throw error;
    throw new InvalidArgumentError(`Line 1, column ${error.column}: ${error.message}.`);
  }
}
