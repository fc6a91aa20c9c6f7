import { InvalidArgumentError, Option } from 'commander';
import type { BatchFirmware, BatchOptions } from '../../board/batch-options.ts';
import type { SerialRange } from '../../board/batch-serials.ts';
import { type BoardName, type BoardTarget, type FirmwareTarget, parseBoardName } from '../../board/board-name.ts';
import type { ProgramBench, ProgramOptions } from '../../board/firmware/program-board.ts';
import { UsageError } from '../../console/failure.ts';
import type { CommandIo, ExitCode } from '../../console/io.ts';
import { evidenceChoice, parseAddress, parseCount, recordChoice } from '../option-values.ts';
import type { DeclareVerb } from '../program.ts';
import { addEvidenceOptions, addJsonOption, addRecordOptions } from './shared-options.ts';

interface Typed {
  board?: BoardName;
  boards?: SeveralBoards;
  image?: string;
  profile?: string;
  list?: string;
  serial?: string;
  verifyWith?: string;
  firmware?: string;
  address?: number;
  cardAt?: number;
  cardSerials?: string;
  cardUids?: string;
  cardKeys?: string;
  newCardKeys?: string;
  chip?: number;
  unprotect?: boolean;
  start: boolean;
  baud: number;
  line: '8e1' | '8n1';
  bootLines: string;
  record?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  imageKey?: string;
  junit?: string;
  html?: string;
  evidence?: string;
  evidenceKey?: string;
  resume?: boolean;
  force?: boolean;
  parallel: number;
  json?: boolean;
}

/** Boards of one kind. */
interface SeveralBoards {
  readonly target: BoardTarget;
  readonly paths: 'all' | readonly string[];
}

const USUAL_BAUD = 115_200;

/** `vitap board flash`; the group `board` is given instead of the program. */
export const declareBoardFlash: DeclareVerb = (board, perform) => {
  const flash = board
    .command('flash')
    .description(
      "put a card on a board (vitap emulate --link then starts the board's card), or firmware into its flash; on one board or on many",
    )
    .option('--board <board>', 'one board: pn532:PORT, stm32:PORT, or uf2:FOLDER of a drive', parseBoard)
    .option('--boards <boards>', 'several boards: all, stm32:all, uf2:all, or pn532:PORT,pn532:PORT,…', parseBoards)
    .option('--image <file>', 'the card; with --boards, for the rows of the list that name none')
    .option(
      '--profile <name>',
      'profile that the image must have; with --boards and without --image, the profile of a new card for each board',
    )
    .option('--list <file>', 'CSV with the columns serial, profile or image, port or identity')
    .option('--serial <number>', 'serial number of the board, with --board')
    .option('--verify-with <reader>', 'read the card back over the field with this reader, as --reader of tap takes it')
    .option('--firmware <file>', 'for stm32 and uf2: the program, as ELF, HEX, UF2, or plain bytes')
    .option('--address <address>', 'where plain bytes go (default: the start of the flash of an STM32)', parseAddress)
    .option('--card-at <address>', 'where in the flash the image of a card goes', parseAddress)
    .option('--card-serials <first-last>', 'with --boards: serial numbers of the new cards, in the order of the list')
    .option('--card-uids <first-last>', 'with --boards: fixed UIDs of the new cards, in the order of the list')
    .option('--card-keys <file>', 'with --boards: AES keys of the new cards, from a CSV file')
    .option('--new-card-keys <file>', 'the same, with new keys that are written into this file; --resume reads it')
    .option('--chip <id>', 'the identifier that the chip must have, as 0x450', parseAddress)
    .option('--unprotect', 'take protections away from the flash, and with them what they protect')
    .option('--no-start', 'leave the board in its bootloader')
    .option('--baud <rate>', 'speed of the line to a bootloader', parseCount, USUAL_BAUD)
    .addOption(
      new Option('--line <framing>', 'even parity as STM32 have it, or none, as simulated boards have it')
        .choices(['8e1', '8n1'])
        .default('8e1'),
    )
    .option(
      '--boot-lines <how>',
      'how the board comes into its bootloader: none, operator, or boot0=rts,reset=dtr with ! before a line that works the other way and @PORT of another adapter',
      'none',
    )
    .option('--force', 'replace cards that were written to since they were flashed')
    .option('--parallel <number>', 'number of boards at the same time', parseCount, 4)
    .option('--resume', 'continue: an interrupted batch, or firmware of which a part is on the board')
    .option('--html <file>', 'with --boards: write the report as a page')
    .option('--junit <file>', 'with --boards: write the result of each board as JUnit XML');
  addEvidenceOptions(flash, 'with --boards: list, verdicts, environment, the trace of reading back');
  addJsonOption(addRecordOptions(flash)).action((typed: Typed) =>
    perform(typed, (io) => {
      const { board: one, boards } = typed;
      if ((one === undefined) === (boards === undefined)) {
        throw new UsageError('which board? give --board pn532:PORT for one, or --boards with --list for many');
      }
      if (typed.record !== undefined && typed.verifyWith === undefined) {
        throw new UsageError('--record writes a trace of the reading back; give --verify-with too');
      }
      refuseForeignOptions(typed, (one ?? boards)!.target);
      return one === undefined ? flashMany(typed, boards!, io) : flashOne(typed, one, io);
    }),
  );
};

async function flashOne(typed: Typed, board: BoardName, io: CommandIo): Promise<ExitCode> {
  // A key that names images goes without a bundle too.
  const { imageKey = null, ...bundle } = typed;
  const evidence = evidenceChoice(bundle);
  const { list, junit, html, cardSerials, cardUids, cardKeys, newCardKeys } = typed;
  const batchOnly = list ?? junit ?? html ?? cardSerials ?? cardUids ?? cardKeys ?? newCardKeys;
  if (batchOnly !== undefined || evidence !== null) {
    throw new UsageError(
      '--list, --card-serials, --card-uids, --card-keys, --new-card-keys, --junit, --html and --evidence go with --boards',
    );
  }
  if (board.target !== 'pn532') {
    const { flashFirmware } = await import('../../board/flash-firmware.ts');
    if (typed.image !== undefined && typed.cardAt === undefined) {
      throw new UsageError('where in the flash does the card go? say it with --card-at');
    }
    return flashFirmware(
      {
        board,
        program: await programOf(typed, board.target),
        image: typed.image ?? null,
        profile: typed.profile ?? null,
        resume: typed.resume === true,
        imageKey,
      },
      io,
    );
  }
  if (typed.image === undefined) throw new UsageError('which card? give --image FILE; `vitap card build` makes one');
  if (typed.resume === true) throw new UsageError('--resume goes with --boards, and with firmware');
  const { flash: run } = await import('../../board/flash.ts');
  return run(
    {
      port: board.path,
      image: typed.image,
      profile: typed.profile ?? null,
      verifyWith: typed.verifyWith ?? null,
      force: typed.force === true,
      serialNumber: typed.serial ?? null,
      imageKey,
      record: recordChoice(typed),
    },
    io,
  );
}

async function flashMany(typed: Typed, { target, paths }: SeveralBoards, io: CommandIo): Promise<ExitCode> {
  const { imageKey = null, ...bundle } = typed;
  if (typed.list === undefined)
    throw new UsageError('--boards goes with --list FILE.csv, which says what each board gets');
  if (typed.serial !== undefined) throw new UsageError('--serial is of one board; a list has a column for it');
  const options: BatchOptions = {
    boards: paths,
    list: typed.list,
    image: typed.image ?? null,
    profile: typed.profile ?? null,
    verifyWith: typed.verifyWith ?? null,
    resume: typed.resume === true,
    force: typed.force === true,
    parallel: typed.parallel,
    imageKey,
    junit: typed.junit ?? null,
    html: typed.html ?? null,
    evidence: evidenceChoice(bundle),
    record: recordChoice(typed),
    ...(typed.cardSerials === undefined ? {} : { cardSerials: await rangeOf(typed.cardSerials, 'serial numbers') }),
    ...(typed.cardUids === undefined ? {} : { cardUids: await rangeOf(typed.cardUids, 'UIDs') }),
    ...cardKeysOf(typed),
    ...(target === 'pn532' ? {} : { firmware: await batchFirmware(typed, target) }),
  };
  const { flashBatch } = await import('../../board/batch.ts');
  return flashBatch(options, io);
}

async function batchFirmware(typed: Typed, target: FirmwareTarget): Promise<BatchFirmware> {
  const program = await programOf(typed, target);
  if (program.boot.how === 'operator') throw new UsageError('--boot-lines operator is for one board');
  return { target, program, bench: await programBench() };
}

async function programBench(): Promise<ProgramBench> {
  const { thisProgramBench } = await import('../../board/firmware/program-board.ts');
  return thisProgramBench(null);
}

async function programOf(typed: Typed, target: FirmwareTarget): Promise<ProgramOptions> {
  if (typed.firmware === undefined) throw new UsageError(`which firmware? a ${target} board gets --firmware FILE`);
  const [{ readFirmware }, { parseBootChoice }, { STM32_FLASH }] = await Promise.all([
    import('../../board/firmware/read-firmware.ts'),
    import('../../board/stm32/boot-lines.ts'),
    import('../../board/stm32/chips.ts'),
  ]);
  return {
    firmware: readFirmware(typed.firmware, typed.address ?? null, target === 'stm32' ? STM32_FLASH : null),
    cardAt: typed.cardAt ?? null,
    chip: typed.chip ?? null,
    unprotect: typed.unprotect === true,
    start: typed.start,
    baudRate: typed.baud,
    framing: typed.line === '8n1' ? '8N1' : '8E1',
    boot: parseBootChoice(typed.bootLines),
  };
}

function cardKeysOf({ cardKeys, newCardKeys }: Typed): Pick<BatchOptions, 'cardKeys'> {
  if (cardKeys !== undefined && newCardKeys !== undefined) {
    throw new UsageError('--card-keys reads keys and --new-card-keys makes them: give one of them');
  }
  const file = cardKeys ?? newCardKeys;
  return file === undefined ? {} : { cardKeys: { file, make: newCardKeys !== undefined } };
}

async function rangeOf(text: string, what: string): Promise<SerialRange> {
  const { parseSerialRange } = await import('../../board/batch-serials.ts');
  const range = parseSerialRange(text);
  if (range === null) {
    throw new UsageError(`“${text}” is no range of ${what}: two of one length in hexadecimal, as 0001-0040`);
  }
  return range;
}

/** Options that say nothing of boards of this kind. */
function refuseForeignOptions(typed: Typed, target: BoardTarget): void {
  if (target === 'pn532') {
    const firmware = typed.firmware ?? typed.address ?? typed.cardAt ?? typed.chip ?? typed.unprotect;
    if (firmware !== undefined) {
      throw new UsageError('a PN532 has no flash for firmware: --board stm32:PORT or uf2:FOLDER names one that has');
    }
    return;
  }
  if (typed.verifyWith !== undefined || typed.force === true || typed.serial !== undefined) {
    throw new UsageError('--verify-with, --force and --serial are for cards on PN532 boards');
  }
  const ofStm32 = typed.chip ?? typed.unprotect;
  if (target === 'uf2' && (ofStm32 !== undefined || typed.bootLines !== 'none' || typed.resume === true)) {
    if (typed.boards === undefined || ofStm32 !== undefined || typed.bootLines !== 'none') {
      throw new UsageError('--chip, --unprotect, --boot-lines and --resume are for the bootloader of an STM32');
    }
  }
}

/** @throws {InvalidArgumentError} */
function parseBoard(text: string): BoardName {
  const name = parseBoardName(text);
  if (name === null) {
    throw new InvalidArgumentError('A board is pn532:PORT, stm32:PORT or uf2:FOLDER, as pn532:/dev/ttyUSB0.');
  }
  return name;
}

/** `all`, `stm32:all`, or boards separated by commas. @throws {InvalidArgumentError} */
function parseBoards(text: string): SeveralBoards {
  const names = text.split(',').map((each) => parseBoard(each.trim()));
  const { target } = names[0]!;
  if (names.some((name) => name.target !== target)) {
    throw new InvalidArgumentError('The boards of a batch are of one kind.');
  }
  const paths = names.map(({ path }) => path);
  if (paths.length === 1 && paths[0] === 'all') return { target, paths: 'all' };
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} is named twice.`);
  return { target, paths };
}
