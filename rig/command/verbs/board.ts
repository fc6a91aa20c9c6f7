import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../../console/failure.ts';
import { evidenceChoice, parseCount, recordChoice } from '../option-values.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { declareBoardRecords } from './board-records.ts';
import { declareBoardSim } from './board-sim.ts';
import { addEvidenceOptions, addJsonOption, addRecordOptions } from './shared-options.ts';

export const declareBoard: DeclareVerb = (program, perform) => {
  const board = program.command('board').description('find PN532 boards, test them, put cards on them, simulate them');
  declareList(board, perform);
  declareTest(board, perform);
  declareBoardRecords(board, perform);
  declareFlash(board, perform);
  declareBoardSim(board, perform);
};

/** `pn532:PORT`, or the port alone. @throws {InvalidArgumentError} */
function parseBoard(text: string): string {
  const port = text.replace(/^pn532:/, '');
  if (port === '' || /^[a-z0-9]+:/.test(port)) {
    throw new InvalidArgumentError('A board is pn532:PORT, as pn532:/dev/ttyUSB0.');
  }
  return port;
}

/** `all`, or boards separated by commas. @throws {InvalidArgumentError} */
function parseBoards(text: string): 'all' | readonly string[] {
  if (text === 'all') return 'all';
  const ports = text.split(',').map((each) => parseBoard(each.trim()));
  const twice = ports.find((port, i) => ports.indexOf(port) !== i);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} is named twice.`);
  return ports;
}

function declareList(board: Command, perform: Perform): void {
  const list = board
    .command('list')
    .description('list the serial ports that may have a board: adapter, holder, permission')
    .argument(
      '[ports...]',
      'look at these ports only, for instance simulated ones',
      (text: string, before?: string[]) => [...(before ?? []), parseBoard(text)],
    );
  addJsonOption(list).action((ports: string[] | undefined, typed: { json?: boolean }) =>
    perform(typed, async (io) => {
      const { listBoards } = await import('../../board/list.ts');
      return listBoards({ ports: ports ?? [], onlyThese: (ports ?? []).length > 0 }, io);
    }),
  );
}

interface TestTyped {
  board: string;
  partner?: string;
  operator?: boolean;
  serial?: string;
  only?: string;
  records?: string;
  limits?: string;
  loop?: number | true;
  html?: string;
  junit?: string;
  evidence?: string;
  evidenceKey?: string;
  record?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  json?: boolean;
}

function declareTest(board: Command, perform: Perform): void {
  const test = board
    .command('test')
    .description('bring a board up phase by phase, measure it, and keep a record')
    .requiredOption('--board <board>', 'the board: pn532:PORT', parseBoard)
    .option('--partner <board>', 'a second board in the same field, for taps in both directions', parseBoard)
    .option('--operator', 'ask for name and serial number, and say what to do before each step')
    .option('--serial <number>', 'the serial number of the board')
    .option('--only <phases>', 'run these phases, separated by commas, and the phases that they need')
    .option('--records <folder>', 'folder of the records (default: records in the state folder of vitap)')
    .option(
      '--limits <file>',
      'limits of this station (YAML; default: limits.yaml in the state folder, if it is there)',
    )
    .option('--loop [rounds]', 'repeat the test this many times, or until Ctrl-C, and sum up', parseCount)
    .option('--html <file>', 'write the record as a page to print')
    .option('--junit <file>', 'write the record as JUnit XML; with --loop, all records');
  addEvidenceOptions(test, 'record, limits, taps, the report if there is one', { images: false });
  addJsonOption(addRecordOptions(test)).action((typed: TestTyped) =>
    perform(typed, async (io) => {
      const { testBoard } = await import('../../board/test-board.ts');
      return testBoard(
        {
          port: typed.board,
          partner: typed.partner ?? null,
          operator: typed.operator === true,
          serialNumber: typed.serial ?? null,
          only: typed.only?.split(',').map((id) => id.trim()) ?? null,
          records: typed.records ?? null,
          limits: typed.limits ?? null,
          loop: typed.loop === true ? 0 : (typed.loop ?? null),
          html: typed.html ?? null,
          junit: typed.junit ?? null,
          evidence: evidenceChoice(typed),
          record: recordChoice(typed),
        },
        io,
      );
    }),
  );
}

interface FlashTyped {
  board?: string;
  boards?: 'all' | readonly string[];
  image?: string;
  profile?: string;
  list?: string;
  serial?: string;
  verifyWith?: string;
  record?: string;
  keepSecrets?: boolean;
  redactionKey?: string;
  imageKey?: string;
  junit?: string;
  evidence?: string;
  evidenceKey?: string;
  resume?: boolean;
  force?: boolean;
  parallel: number;
  json?: boolean;
}

function declareFlash(board: Command, perform: Perform): void {
  const flash = board
    .command('flash')
    .description("put a card on a board, or cards on many boards; vitap emulate --link then starts the board's card")
    .option('--board <board>', 'one board: pn532:PORT', parseBoard)
    .option('--boards <boards>', 'several boards: all, or pn532:PORT,pn532:PORT,…', parseBoards)
    .option('--image <file>', 'the card; with --boards, for the rows of the list that name none')
    .option(
      '--profile <name>',
      'profile that the image must have; with --boards and without --image, the profile of a new card for each board',
    )
    .option('--list <file>', 'CSV with the columns serial, profile or image, port or identity')
    .option('--serial <number>', 'serial number of the board, with --board')
    .option('--verify-with <reader>', 'read the card back over the field with this reader, as --reader of tap takes it')
    .option('--force', 'replace cards that were written to since they were flashed')
    .option('--parallel <number>', 'number of boards at the same time', parseCount, 4)
    .option('--resume', 'continue an interrupted batch, and try the failed boards again')
    .option('--junit <file>', 'with --boards: write the result of each board as JUnit XML');
  addEvidenceOptions(flash, 'with --boards: list, verdicts, environment, the trace of reading back');
  addJsonOption(addRecordOptions(flash)).action((typed: FlashTyped) =>
    perform(typed, async (io) => {
      // A key that names images goes without a bundle too.
      const { imageKey = null, ...bundle } = typed;
      const evidence = evidenceChoice(bundle);
      if (typed.record !== undefined && typed.verifyWith === undefined) {
        throw new UsageError('--record writes a trace of the reading back; give --verify-with too');
      }
      const record = recordChoice(typed);
      if ((typed.board === undefined) === (typed.boards === undefined)) {
        throw new UsageError('which board? give --board pn532:PORT for one, or --boards with --list for many');
      }
      if (typed.board !== undefined) {
        if (typed.image === undefined)
          throw new UsageError('which card? give --image FILE; `vitap card build` makes one');
        if (typed.list !== undefined || typed.resume === true || typed.junit !== undefined || evidence !== null) {
          throw new UsageError('--list, --resume, --junit and --evidence go with --boards');
        }
        const { flash: run } = await import('../../board/flash.ts');
        return run(
          {
            port: typed.board,
            image: typed.image,
            profile: typed.profile ?? null,
            verifyWith: typed.verifyWith ?? null,
            force: typed.force === true,
            serialNumber: typed.serial ?? null,
            imageKey,
            record,
          },
          io,
        );
      }
      if (typed.list === undefined)
        throw new UsageError('--boards goes with --list FILE.csv, which says what each board gets');
      if (typed.serial !== undefined) throw new UsageError('--serial is of one board; a list has a column for it');
      const { flashBatch } = await import('../../board/batch.ts');
      return flashBatch(
        {
          boards: typed.boards as 'all' | readonly string[],
          list: typed.list,
          image: typed.image ?? null,
          profile: typed.profile ?? null,
          verifyWith: typed.verifyWith ?? null,
          resume: typed.resume === true,
          force: typed.force === true,
          parallel: typed.parallel,
          imageKey,
          junit: typed.junit ?? null,
          evidence,
          record,
        },
        io,
      );
    }),
  );
}
