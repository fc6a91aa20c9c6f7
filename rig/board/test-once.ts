import { realTimers } from '../../src/hal/pn532/transport.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { type CommandIo, EXIT, type ExitCode } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { hostEnvironment } from '../report/host-environment.ts';
import { secrecyOf } from '../trace/pseudonyms.ts';
import { RecordedReader } from '../trace/record/recorded-reader.ts';
import { TraceWriter } from '../trace/writer.ts';
import type { BoardTestOptions } from './board-test-options.ts';
import type { TestedBoard } from './board-under-test.ts';
import { compareWithEarlier } from './compare.ts';
import { LatenessWatch } from './lateness.ts';
import { type StationLimits, withLimits } from './limits.ts';
import { limitsInWords, valueInWords } from './measurement.ts';
import { type Bench, openFirmware } from './open-board.ts';
import type { Operator } from './operator.ts';
import type { PhaseResult } from './phase.ts';
import { phasesOf } from './phases/index.ts';
import {
  type BoardRecord,
  type EarlierRecord,
  earlierRecords,
  type KeptRecord,
  keepRecord,
  RECORD_SCHEMA,
  RECORD_VERSION,
} from './record.ts';
import { isNoRepair } from './repairs.ts';
import { runPhases, verdictOf } from './run-phases.ts';

/** Exit codes of what was judged. */
export const EXIT_OF: Readonly<Record<BoardRecord['verdict'], ExitCode>> = {
  pass: EXIT.pass,
  fail: EXIT.fail,
  error: EXIT.cannotRun,
};

/** What is the same in every round. */
export interface Setting {
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
export interface Tested {
  readonly record: BoardRecord;
  readonly kept: KeptRecord;
  /** Earlier records of the same board. */
  readonly earlier: readonly EarlierRecord[];
}

/** @param known earlier records of this board; null: they are read */
export async function testOnce(setting: Setting, known: readonly EarlierRecord[] | null): Promise<Tested> {
  const { options, bench, folder, io } = setting;
  const open = (port: string): Promise<TestedBoard> =>
    options.target === 'firmware' ? openFirmware(port, bench.listed) : bench.open(port);
  const board = await open(options.port);
  const partner = options.partner === null ? null : await open(options.partner);
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

async function openTrace(board: TestedBoard, { record, target }: BoardTestOptions): Promise<TraceWriter | null> {
  if (record.file === null) return null;
  const { backend } = board.identity;
  const cardInterface = target === 'firmware' ? 'contact' : 'contactless';
  const description = { source: 'vitap board test', backend, reader: board.name, interface: cardInterface } as const;
  return TraceWriter.create(record.file, description, secrecyOf(record));
}

async function runAll(
  board: TestedBoard,
  partner: TestedBoard | null,
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
    return await runPhases<TestedBoard>(withLimits(phasesOf(options.target ?? 'pn532'), limits), {
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

export const SIGNS: { readonly [verdict in PhaseResult['verdict']]: string } = {
  pass: 'PASS ',
  fail: 'FAIL ',
  error: 'ERROR',
  skipped: 'skip ',
};

function phaseInWords({ verdict, title, reason, measurements }: PhaseResult): string {
  const head = `${SIGNS[verdict]}  ${title}${reason === '' ? '' : `: ${shown(reason)}`}\n`;
  if (verdict === 'skipped') return head;
  const rows = measurements
    .filter((each) => each.value !== null && !isNoRepair(each))
    .map((each) => `         ${shown(`${each.what}: ${valueInWords(each)} (${limitsInWords(each)})`)}\n`);
  return head + rows.join('');
}
