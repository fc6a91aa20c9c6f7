import { type Command, InvalidArgumentError } from 'commander';
import type { TestTarget } from '../../board/board-test-options.ts';
import { evidenceChoice, parseCount, recordChoice } from '../option-values.ts';
import type { DeclareVerb, Perform } from '../program.ts';
import { declareBoardFlash } from './board-flash.ts';
import { declareBoardRecords } from './board-records.ts';
import { declareBoardSim } from './board-sim.ts';
import { addEvidenceOptions, addJsonOption, addRecordOptions } from './shared-options.ts';

export const declareBoard: DeclareVerb = (program, perform) => {
  const board = program
    .command('board')
    .description('find boards, test them, put cards and firmware on them, simulate them');
  declareList(board, perform);
  declareTest(board, perform);
  declareBoardRecords(board, perform);
  declareBoardFlash(board, perform);
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

/** `firmware:PORT`, or as {@link parseBoard} has it. @throws {InvalidArgumentError} */
function parseTested(text: string): { readonly target: TestTarget; readonly port: string } {
  const port = /^firmware:(.+)$/.exec(text)?.[1];
  if (port !== undefined) return { target: 'firmware', port };
  if (/^[a-z0-9]+:/.test(text.replace(/^pn532:/, ''))) {
    throw new InvalidArgumentError('A board is pn532:PORT or firmware:PORT, as pn532:/dev/ttyUSB0.');
  }
  return { target: 'pn532', port: parseBoard(text) };
}

interface TestTyped {
  board: ReturnType<typeof parseTested>;
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
    .requiredOption(
      '--board <board>',
      'the board: pn532:PORT, or firmware:PORT for one that runs the card as firmware',
      parseTested,
    )
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
          ...typed.board,
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
