import { join } from 'node:path';
import { HalError } from '../../src/hal/errors.ts';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { realTimers } from '../../src/hal/pn532/transport.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { CannotRun, UsageError } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { stateFolder } from '../console/state-folder.ts';
import { hostEnvironment } from '../report/environment.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { RecordedReader } from '../trace/record/recorded-reader.ts';
import type { RecordChoice } from '../trace/record-choice.ts';
import { TraceWriter } from '../trace/writer.ts';
import { checkSerialNumber } from './batch-list.ts';
import type { BoardUnderTest } from './board-under-test.ts';
import { compareWithEarlier } from './compare.ts';
import { boardPage } from './html.ts';
import { LatenessWatch, longestLatenessMs, TOO_LATE_MS } from './lateness.ts';
import { limitsInWords, valueInWords } from './measurement.ts';
import { type Bench, thisBench } from './open-board.ts';
import { askSerialNumber, type Operator, operatorAt } from './operator.ts';
import type { PhaseResult } from './phase.ts';
import { PN532_PHASES } from './phases/index.ts';
import {
  type BoardRecord,
  earlierRecords,
  type KeptRecord,
  keepRecord,
  RECORD_SCHEMA,
  RECORD_VERSION,
} from './record.ts';
import { allRepairs, isNoRepair } from './repairs.ts';
import { runPhases, verdictOf } from './run-phases.ts';

export interface BoardTestOptions {
  readonly port: string;
  /** Port of a second board, or null. */
  readonly partner: string | null;
  /** Ask the person at the bench. */
  readonly operator: boolean;
  readonly serialNumber: string | null;
  /** Ids of phases; null for all. */
  readonly only: readonly string[] | null;
  /** Folder of the records; null for this station's own. */
  readonly records: string | null;
  readonly html: string | null;
  /** How to record the taps. */
  readonly record: RecordChoice;
}

/** `vitap board test`. @returns 0 pass, 1 the board fails, 2 the rig could not judge it */
export async function testBoard(options: BoardTestOptions, io: CommandIo, given?: Bench): Promise<ExitCode> {
  checkOptions(options);
  const operator = options.operator ? operatorAt(io) : null;
  try {
    const person = operator === null ? null : await operator.ask('Your name', io.env.USER ?? null);
    const serialNumber = options.serialNumber ?? (operator === null ? null : await askSerialNumber(operator, io));
    const bench = given ?? (await thisBench());
    const board = await bench.open(options.port);
    const partner = options.partner === null ? null : await bench.open(options.partner);
    const startedAt = new Date().toISOString();
    const trace = await openTrace(board, options);
    let phases: readonly PhaseResult[];
    try {
      phases = await runAll(board, partner, options, io, operator, trace);
    } finally {
      await trace?.close();
    }
    return await conclude({ board, partner, serialNumber, person, startedAt, phases }, options, io);
  } finally {
    operator?.close();
  }
}

function checkOptions({ only, serialNumber, port, partner }: BoardTestOptions): void {
  const unknown = only?.find((id) => !PN532_PHASES.some((phase) => phase.id === id));
  if (unknown !== undefined) {
    throw new UsageError(`there is no phase ${unknown}; phases are ${PN532_PHASES.map(({ id }) => id).join(', ')}`);
  }
  if (partner === port) throw new UsageError('--partner is a second board, not the one under test');
  if (serialNumber !== null) checkSerialNumber(serialNumber, '--serial');
}

async function openTrace(board: BoardUnderTest, { record }: BoardTestOptions): Promise<TraceWriter | null> {
  if (record.file === null) return null;
  const { backend } = board.identity;
  const description = { source: 'vitap board test', backend, reader: board.name, interface: 'contactless' } as const;
  return TraceWriter.create(record.file, description, secrecyOf(record));
}

async function runAll(
  board: BoardUnderTest,
  partner: BoardUnderTest | null,
  options: BoardTestOptions,
  io: CommandIo,
  operator: Operator | null,
  trace: TraceWriter | null,
): Promise<readonly PhaseResult[]> {
  const tell = (text: string): void => (io.json ? io.stderr(text) : io.stdout(text));
  if (!io.json)
    io.stdout(
      `${board.name}, ${board.identity.backend}, known by its ${board.identity.knownBy}: ${board.identity.key}\n`,
    );
  try {
    return await runPhases(PN532_PHASES, {
      board,
      partner,
      clock: systemClock,
      signal: io.signal,
      lateness: new LatenessWatch(systemClock, realTimers),
      only: options.only,
      onStart: ({ title }) => io.stdoutIsTty && io.stderr(`${title} …\n`),
      onEnd: (result) => tell(phaseInWords(result)),
      ...(trace === null ? {} : { recorded: (reader: Reader) => new RecordedReader(reader, trace, systemClock) }),
      ...(operator === null ? {} : { instruct: (text: string) => operator.instruct(text) }),
    });
  } finally {
    // The chips sleep, whatever happened.
    await Promise.all([board.close(), partner?.close()]);
  }
}

const SIGNS = { pass: 'PASS ', fail: 'FAIL ', error: 'ERROR', skipped: 'skip ' } as const;

function phaseInWords({ verdict, title, reason, measurements }: PhaseResult): string {
  const head = `${SIGNS[verdict]}  ${title}${reason === '' ? '' : `: ${reason}`}\n`;
  if (verdict === 'skipped') return head;
  const rows = measurements
    .filter((each) => each.value !== null && !isNoRepair(each))
    .map((each) => `         ${each.what}: ${valueInWords(each)} (${limitsInWords(each)})\n`);
  return head + rows.join('');
}

interface Ran {
  readonly board: BoardUnderTest;
  readonly partner: BoardUnderTest | null;
  readonly serialNumber: string | null;
  readonly person: string | null;
  readonly startedAt: string;
  readonly phases: readonly PhaseResult[];
}

async function conclude(ran: Ran, { records, only, html }: BoardTestOptions, io: CommandIo): Promise<ExitCode> {
  const folder = records ?? join(stateFolder(io.env), 'records');
  const { board, partner, phases } = ran;
  const { program, commit, node, system, machine, host } = hostEnvironment();
  const about = {
    backend: board.identity.backend,
    board: { name: board.name, identity: board.identity, serialNumber: ran.serialNumber },
  };
  const earlier = earlierRecords(folder, about, (path) =>
    io.stderr(`${path} is no record of a board test that this program reads; it was left out of the comparison.\n`),
  );
  const record: BoardRecord = {
    schema: RECORD_SCHEMA,
    schemaVersion: RECORD_VERSION,
    verdict: verdictOf(phases, io.signal.aborted),
    ...about,
    complete: only === null,
    partner: partner?.name ?? null,
    station: { host: io.env.VITAP_STATION ?? host, machine, system },
    operator: ran.person ?? io.env.USER ?? null,
    program,
    commit,
    node,
    startedAt: ran.startedAt,
    endedAt: new Date().toISOString(),
    phases,
    comparison: compareWithEarlier(phases, earlier),
  };
  const kept = keepRecord(folder, record);
  if (io.json) writeJson(io, { id: 'board-test', file: kept.path, ...record });
  else io.stdout(conclusion(record, kept, earlier.length));
  // After what was measured has been told.
  const noPage = html === null ? null : await writePage(html, record);
  if (html !== null && noPage === null && !io.json) io.stdout(`Page ${html}\n`);
  const problems = [noPage?.message ?? null, kept.problem === null ? null : notInPlace(kept, io.json)];
  const told = problems.filter((each) => each !== null);
  if (told.length > 0) throw new CannotRun(told.join('; '), { cause: noPage ?? undefined });
  return { pass: EXIT.pass, fail: EXIT.fail, error: EXIT.cannotRun }[record.verdict];
}

/** @returns why the page could not be written: that must not hide where the record is */
async function writePage(file: string, record: BoardRecord): Promise<HalError | null> {
  try {
    replaceFile(file, [Buffer.from(await boardPage(record))]);
    return null;
  } catch (error) {
    if (error instanceof HalError) return error;
    throw error;
  }
}

function notInPlace({ path, problem }: KeptRecord, json: boolean): string {
  if (path !== null) return `the record is not where it belongs, it is in ${path}: ${problem}`;
  return `the record could be kept nowhere, ${json ? 'what was printed is' : 'it was printed above as'} the only one: ${problem}`;
}

function conclusion(record: BoardRecord, { path }: KeptRecord, earlier: number): string {
  const { verdict, backend, comparison, complete } = record;
  const words = {
    pass: complete ? 'PASS' : 'PASS of the phases that were asked for',
    fail: 'FAIL: the board is not as it must be',
    error: 'ERROR of the rig: the board was not judged; put it right and test again',
  }[verdict];
  const lateMs = longestLatenessMs(record.phases);
  const drifted = comparison
    .filter((each) => each.drifted)
    .map(
      (each) =>
        `Drifted: ${each.what} ${valueInWords({ value: each.value, unit: each.unit })}, before ${valueInWords({ value: each.median, unit: each.unit })}\n`,
    );
  return [
    `\n${words}${backend === 'simulated' ? ' (simulated board: this says nothing about any hardware)' : ''}\n`,
    ...drifted,
    `Repairs on the line: ${allRepairs(record.phases)}\n`,
    lateMs === null ? '' : `This machine was late by ${lateMs.toFixed(0)} ms at most (${TOO_LATE_MS} ms is too much)\n`,
    path === null ? `${JSON.stringify(record)}\n` : `Record ${path}\n`,
    earlier > 0 ? `Compared with ${earlier} earlier\n` : '',
  ].join('');
}
