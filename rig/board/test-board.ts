import { join } from 'node:path';
import { HalError } from '../../src/hal/errors.ts';
import { realTimers } from '../../src/hal/pn532/transport.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { CannotRun, UsageError } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { stateFolder } from '../console/state-folder.ts';
import type { EvidenceChoice } from '../judge/evidence/plan.ts';
import { hostEnvironment } from '../report/environment.ts';
import { checkReportFile, writeReportFile } from '../report/report-file.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { RecordedReader } from '../trace/record/recorded-reader.ts';
import type { RecordChoice } from '../trace/record-choice.ts';
import { TraceWriter } from '../trace/writer.ts';
import { checkSerialNumber } from './batch-list.ts';
import type { BoardUnderTest } from './board-under-test.ts';
import { compareWithEarlier } from './compare.ts';
import { boardEvidence } from './evidence.ts';
import { EvidenceRun } from './evidence-run.ts';
import { boardPage } from './html.ts';
import { LatenessWatch, longestLatenessMs, TOO_LATE_MS } from './lateness.ts';
import { type StationLimits, stationLimits, withLimits } from './limits.ts';
import { type LoopSummary, MOST_ERRORS_IN_A_ROW, summarise, summaryInWords } from './loop.ts';
import { limitsInWords, valueInWords } from './measurement.ts';
import { type Bench, thisBench } from './open-board.ts';
import { askSerialNumber, type Operator, operatorAt } from './operator.ts';
import type { PhaseResult } from './phase.ts';
import { PN532_PHASES } from './phases/index.ts';
import {
  type BoardRecord,
  type EarlierRecord,
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
  /** File of limits; null for this station's own, where there are any. */
  readonly limits: string | null;
  /** Rounds; 0 until Ctrl-C; null: one test, and no loop. */
  readonly loop: number | null;
  readonly html: string | null;
  readonly junit: string | null;
  readonly evidence: EvidenceChoice | null;
  /** How to record the taps. */
  readonly record: RecordChoice;
}

/** `vitap board test`. @returns 0 pass, 1 the board fails, 2 the rig could not judge it */
export async function testBoard(options: BoardTestOptions, io: CommandIo, given?: Bench): Promise<ExitCode> {
  checkOptions(options);
  const limits = stationLimits(options.limits, io.env, PN532_PHASES);
  if (options.junit !== null) checkReportFile(options.junit);
  const evidence = EvidenceRun.open(options.evidence, options.record);
  const operator = options.operator ? operatorAt(io) : null;
  try {
    const person = operator === null ? null : await operator.ask('Your name', io.env.USER ?? null);
    const serialNumber = options.serialNumber ?? (operator === null ? null : await askSerialNumber(operator, io));
    const setting: Setting = {
      options: evidence === null ? options : { ...options, record: evidence.record },
      io,
      bench: given ?? (await thisBench()),
      operator,
      person,
      serialNumber,
      limits,
      folder: options.records ?? join(stateFolder(io.env), 'records'),
    };
    if (options.loop !== null) return await loop(options.loop, setting);
    return await conclude(await testOnce(setting, null), setting, evidence);
  } finally {
    operator?.close();
    evidence?.close();
  }
}

/** What is the same in every round. */
interface Setting {
  readonly options: BoardTestOptions;
  readonly io: CommandIo;
  readonly bench: Bench;
  readonly operator: Operator | null;
  readonly person: string | null;
  readonly serialNumber: string | null;
  readonly limits: StationLimits | null;
  /** Folder of the records. */
  readonly folder: string;
}

/** A test, and where its record is. */
interface Tested {
  readonly record: BoardRecord;
  readonly kept: KeptRecord;
  /** Earlier records of the same board. */
  readonly earlier: readonly EarlierRecord[];
}

/** @param known earlier records of this board; null: they are read */
async function testOnce(setting: Setting, known: readonly EarlierRecord[] | null): Promise<Tested> {
  const { options, bench, folder, io } = setting;
  const board = await bench.open(options.port);
  const partner = options.partner === null ? null : await bench.open(options.partner);
  const startedAt = new Date().toISOString();
  const trace = await openTrace(board, options);
  let phases: readonly PhaseResult[];
  try {
    phases = await runAll(board, partner, setting, trace);
  } finally {
    await trace?.close();
  }
  const about = {
    backend: board.identity.backend,
    board: { name: board.name, identity: board.identity, serialNumber: setting.serialNumber },
  };
  const earlier =
    known ??
    earlierRecords(folder, about, (path) =>
      io.stderr(
        `${shown(path)} is no record of a board test that this program reads; it was left out of the comparison.\n`,
      ),
    );
  const { program, commit, node, system, machine, host } = hostEnvironment();
  const { limits } = setting;
  const record: BoardRecord = {
    schema: RECORD_SCHEMA,
    schemaVersion: RECORD_VERSION,
    verdict: verdictOf(phases, io.signal.aborted),
    ...about,
    complete: options.only === null,
    partner: partner?.name ?? null,
    station: { host: io.env.VITAP_STATION ?? host, machine, system },
    operator: setting.person ?? io.env.USER ?? null,
    program,
    commit,
    node,
    startedAt,
    endedAt: new Date().toISOString(),
    phases,
    comparison: compareWithEarlier(phases, earlier),
    stationLimits: limits === null ? null : { file: limits.file, sha256: limits.sha256 },
  };
  return { record, kept: keepRecord(folder, record), earlier };
}

/** Rounds until there were enough, Ctrl-C, or the rig fails again and again. Each keeps its record. */
async function loop(most: number, setting: Setting): Promise<ExitCode> {
  const { io, options } = setting;
  const records: BoardRecord[] = [];
  const files: (string | null)[] = [];
  let earlier: readonly EarlierRecord[] | null = null;
  let errorsInARow = 0;
  let inRound = false;
  let problem: string | null = null;
  const summed = (): LoopSummary =>
    summarise(records, most === 0 ? null : most, { bySignal: io.signal.aborted, inRound });
  try {
    while ((most === 0 || records.length < most) && errorsInARow < MOST_ERRORS_IN_A_ROW && !io.signal.aborted) {
      const tested = await testOnce(setting, earlier);
      files.push(tested.kept.path);
      inRound = io.signal.aborted;
      if (inRound) break;
      const { record } = tested;
      earlier = [...tested.earlier, record];
      records.push(record);
      errorsInARow = record.verdict === 'error' ? errorsInARow + 1 : 0;
      (io.json ? io.stderr : io.stdout)(roundInWords(records.length, record, tested.kept));
      // Rounds whose records are nowhere would be for nothing.
      problem = tested.kept.problem === null ? null : notInPlace(tested.kept, false);
      if (problem !== null) break;
    }
  } finally {
    const summary = summed();
    if (io.json) writeJson(io, { id: 'board-test-loop', ...summary, records: files });
    else if (files.length > 0) io.stdout(summaryInWords(summary));
    if (options.junit !== null && records.length > 0) await writeJunit(options.junit, records);
  }
  if (problem !== null) throw new CannotRun(problem);
  if (errorsInARow === MOST_ERRORS_IN_A_ROW) {
    io.stderr(`vitap: the loop ended: the rig could not judge the board ${MOST_ERRORS_IN_A_ROW} times in a row\n`);
  }
  const { verdict } = summed();
  return verdict === 'interrupted' ? EXIT.cannotRun : EXIT_OF[verdict];
}

function roundInWords(round: number, { verdict, phases }: BoardRecord, { path }: KeptRecord): string {
  const wrong = phases.filter((each) => each.verdict === 'fail' || each.verdict === 'error');
  const why = wrong.map(({ title, reason }) => `\n         ${title}: ${shown(reason)}`).join('');
  return `${`${round}`.padStart(5)}  ${SIGNS[verdict]}  ${shown(path ?? 'no record')}${why}\n`;
}

function checkOptions({ only, serialNumber, port, partner, loop, html, evidence, record }: BoardTestOptions): void {
  const unknown = only?.find((id) => !PN532_PHASES.some((phase) => phase.id === id));
  if (unknown !== undefined) {
    throw new UsageError(`there is no phase ${unknown}; phases are ${PN532_PHASES.map(({ id }) => id).join(', ')}`);
  }
  if (partner === port) throw new UsageError('--partner is a second board, not the one under test');
  if (serialNumber !== null) checkSerialNumber(serialNumber, '--serial');
  if (loop !== null && (html !== null || evidence !== null || record.file !== null)) {
    throw new UsageError('--html, --evidence and --record are of one test; --loop keeps a record of each round');
  }
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
  { options, io, operator, limits }: Setting,
  trace: TraceWriter | null,
): Promise<readonly PhaseResult[]> {
  const quiet = options.loop !== null;
  const tell = (text: string): void => (io.json ? io.stderr(text) : io.stdout(text));
  if (!io.json && !quiet)
    io.stdout(
      `${shown(`${board.name}, ${board.identity.backend}, known by its ${board.identity.knownBy}: ${board.identity.key}`)}\n`,
    );
  try {
    return await runPhases(withLimits(PN532_PHASES, limits), {
      board,
      partner,
      clock: systemClock,
      signal: io.signal,
      lateness: new LatenessWatch(systemClock, realTimers),
      only: options.only,
      onStart: ({ title }) => io.stdoutIsTty && !quiet && io.stderr(`${title} …\n`),
      onEnd: (result) => void (quiet || tell(phaseInWords(result))),
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
  const head = `${SIGNS[verdict]}  ${title}${reason === '' ? '' : `: ${shown(reason)}`}\n`;
  if (verdict === 'skipped') return head;
  const rows = measurements
    .filter((each) => each.value !== null && !isNoRepair(each))
    .map((each) => `         ${shown(`${each.what}: ${valueInWords(each)} (${limitsInWords(each)})`)}\n`);
  return head + rows.join('');
}

const EXIT_OF = { pass: EXIT.pass, fail: EXIT.fail, error: EXIT.cannotRun } as const;

async function conclude(
  { record, kept, earlier }: Tested,
  { options, io, limits }: Setting,
  evidence: EvidenceRun | null,
): Promise<ExitCode> {
  const { html, junit } = options;
  if (io.json) writeJson(io, { id: 'board-test', file: kept.path, ...record });
  else io.stdout(conclusion(record, kept, earlier.length));
  // After what was measured has been told.
  const page = html === null ? null : await boardPage(record);
  const noPage = html === null || page === null ? null : await notWritten(() => writeReportFile(html, page));
  if (html !== null && noPage === null && !io.json) io.stdout(`Page ${shown(html)}\n`);
  const noJunit = junit === null ? null : await notWritten(() => writeJunit(junit, [record]));
  const noBundle =
    evidence === null
      ? null
      : await notWritten(() => evidence.write(() => boardEvidence(evidence, record, limits, page), io));
  const problems = [noPage, noJunit, noBundle].map((each) => each?.message ?? null);
  if (kept.problem !== null) problems.push(notInPlace(kept, io.json));
  const told = problems.filter((each) => each !== null);
  if (told.length > 0) throw new CannotRun(told.join('; '), { cause: noPage ?? noJunit ?? noBundle ?? undefined });
  return EXIT_OF[record.verdict];
}

async function writeJunit(file: string, records: readonly BoardRecord[]): Promise<void> {
  writeReportFile(file, (await import('./junit.ts')).asJunit(records));
}

/** @returns why something could not be written: that must not hide where the record is */
async function notWritten(write: () => void | Promise<void>): Promise<HalError | CannotRun | null> {
  try {
    await write();
    return null;
  } catch (error) {
    if (error instanceof HalError || error instanceof CannotRun) return error;
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
        `${shown(`Drifted: ${each.what} ${valueInWords({ value: each.value, unit: each.unit })}, before ${valueInWords({ value: each.median, unit: each.unit })}`)}\n`,
    );
  return [
    `\n${words}${backend === 'simulated' ? ' (simulated board: this says nothing about any hardware)' : ''}\n`,
    ...drifted,
    `Repairs on the line: ${allRepairs(record.phases)}\n`,
    lateMs === null ? '' : `This machine was late by ${lateMs.toFixed(0)} ms at most (${TOO_LATE_MS} ms is too much)\n`,
    path === null ? `${JSON.stringify(record)}\n` : `Record ${shown(path)}\n`,
    earlier > 0 ? `Compared with ${earlier} earlier\n` : '',
  ].join('');
}
