import { imageNames } from '../card/image-name.ts';
import { readInputText } from '../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { hostEnvironment } from '../report/host-environment.ts';
import { checkReportFile, writeReportFile } from '../report/report-file.ts';
import { counted } from '../report/words.ts';
import { type BatchDocument, batchEvidence } from './batch-evidence.ts';
import { batchPage } from './batch-html.ts';
import { type BatchJob, nameOfBoard } from './batch-job.ts';
import { type BatchOutcome, batchAsJunit, doneInWords } from './batch-junit.ts';
import { type BatchRow, parseBatchList } from './batch-list.ts';
import type { BatchOptions } from './batch-options.ts';
import { planBatch, planOf } from './batch-plan.ts';
import { runBatch } from './batch-progress.ts';
import { flashRow, stationOf } from './batch-row.ts';
import { sameCardTwice } from './batch-serials.ts';
import { BatchState } from './batch-state.ts';
import { parseBoardName } from './board-name.ts';
import { cardKeysOf } from './card-keys.ts';
import { EvidenceRun } from './evidence-run.ts';
import { firmwareOf } from './flash-firmware.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { type Bench, thisBench } from './open-board.ts';
import { recordedVerifier } from './recorded-verifier.ts';

/**
 * `vitap board flash --boards`: a list of boards, several at a time. Ctrl-C ends the boards that are under way, leaves
 * them asleep, and the batch can be resumed.
 * @returns 0 every board has its card, 1 some board is at fault, 2 the rig could not do some of it
 */
export async function flashBatch(options: BatchOptions, io: CommandIo, given?: Bench): Promise<ExitCode> {
  const text = readInputText(options.list, 'a list of boards');
  const rows = parseBatchList(text, options.list);
  if (options.junit !== null) checkReportFile(options.junit);
  if (options.html != null) checkReportFile(options.html);
  const evidence = EvidenceRun.open(options.evidence, options.record);
  try {
    return await flashAll(
      rows,
      text,
      evidence === null ? options : { ...options, record: evidence.record },
      io,
      evidence,
      given,
    );
  } finally {
    evidence?.close();
  }
}

async function flashAll(
  rows: readonly BatchRow[],
  text: string,
  options: BatchOptions,
  io: CommandIo,
  evidence: EvidenceRun | null,
  given: Bench | undefined,
): Promise<ExitCode> {
  const startedAt = new Date().toISOString();
  const bench = given ?? (await thisBench());
  const names = imageNames(options.imageKey, io.env);
  const plan = planOf(text, options, names);
  const state = BatchState.open(`${options.list}.batch`, plan, options.resume);
  const boardsOf = new Map(
    rows.map((row) => [row, parseBoardName(state.get(row.serialNumber)?.board ?? '')?.path ?? null]),
  );
  const jobs = planBatch(
    // A row that has had its board keeps it.
    rows.map((row) => ({ ...row, port: row.port ?? (row.identity === null ? boardsOf.get(row) : null) ?? null })),
    options,
    bench,
  );
  const reads = options.verifyWith === null ? null : bench.verifier(options.verifyWith);
  const backend = jobs.some(({ identity }) => identity.backend === 'hardware') ? 'hardware' : 'simulated';
  const recorded = await recordedVerifier(reads, options.record, backend);
  const own = options.cardKeys === undefined ? null : await cardKeysOf(jobs, options.cardKeys, state.resumed);
  state.useKeys(own === null ? null : names.of(Buffer.from(own.text)).hmac);
  const keys = own?.keys ?? new Map();
  state.begin();
  const verifier = recorded.verifier === null ? null : oneAtATime(recorded.verifier);
  const todo = jobs.filter(({ row }) => state.get(row.serialNumber)?.outcome !== 'done');
  const before = jobs.length - todo.length;
  const made = new Map(
    jobs.flatMap(({ row }) => {
      const { outcome, cardSerial } = state.get(row.serialNumber) ?? {};
      return outcome === 'done' && typeof cardSerial === 'string' ? [[cardSerial, row.serialNumber]] : [];
    }),
  );
  const chips = new Map(
    jobs.flatMap(({ row }) => {
      const { outcome, chip } = state.get(row.serialNumber) ?? {};
      return outcome === 'done' && chip !== undefined ? [[chip, row.serialNumber] as const] : [];
    }),
  );
  const twice = sameCardTwice(jobs);
  if (twice !== null) io.stderr(`${shown(twice)}\n`);
  const interrupted = new Map<string, string>();
  if (before > 0) io.stderr(`${before} of ${counted(jobs.length, 'board')} done already.\n`);
  try {
    await runBatch(todo, {
      io,
      parallel: options.parallel,
      run: async (job, say) => {
        const { force, resume, firmware = null } = options;
        const tools = { bench, verifier, names, made, keys, chips, force, resume, firmware, io, say };
        const { serialNumber } = job.row;
        const row = await flashRow(job, tools, state.get(serialNumber)?.reason ?? null);
        if (row.outcome !== 'interrupted') state.set(row);
        else if (row.reason !== null) interrupted.set(serialNumber, row.reason);
        return row;
      },
    });
  } finally {
    await recorded.close();
  }
  const document = documentOf(jobs, state, interrupted, options.list);
  const exit = conclude(document, state, options, io);
  const { html = null, verifyWith } = options;
  const station = stationOf(io);
  const page =
    html === null
      ? null
      : batchPage(document, {
          ...{ station, backend, startedAt, verifyWith },
          firmware: options.firmware?.program.firmware.source ?? null,
          program: hostEnvironment().program,
        });
  if (html !== null && page !== null) writeReportFile(html, page);
  const firmware = options.firmware === undefined ? null : firmwareOf(options.firmware.program.firmware, names);
  const scene = { text, plan, verifyWith, page, station, backend, startedAt, firmware } as const;
  evidence?.write(() => batchEvidence(evidence, document, scene), io);
  return exit;
}

/** @param interrupted what the boards of interrupted rows are now */
function documentOf(
  jobs: readonly BatchJob[],
  state: BatchState,
  interrupted: ReadonlyMap<string, string>,
  list: string,
): BatchDocument {
  const rows = jobs.map((job) => {
    const reason = interrupted.get(job.row.serialNumber);
    if (reason !== undefined) return { ...untouched(job), reason };
    return { ...untouched(job), ...state.get(job.row.serialNumber) };
  });
  const count = (outcome: string): number => rows.filter((row) => row.outcome === outcome).length;
  const [done, failed, errors, open] = [count('done'), count('failed'), count('error'), count('open')];
  const verdict = done === rows.length ? 'pass' : errors + open > 0 ? 'error' : 'fail';
  return { id: 'board-flash-batch', verdict, list, done, failed, errors, open, rows };
}

function conclude(document: BatchDocument, state: BatchState, options: BatchOptions, io: CommandIo): ExitCode {
  const { done, failed, errors, open, rows } = document;
  const interrupted = io.signal.aborted;
  if (options.junit !== null) writeReportFile(options.junit, batchAsJunit(options.list, rows));
  if (done === rows.length) state.finish();
  if (io.json) writeJson(io, document);
  else {
    io.stdout(
      `${table(rows)}\n${done} done, ${failed} failed, ${errors} not done by an error of the rig, ${open} open.\n`,
    );
  }
  if (interrupted)
    io.stderr(`Interrupted: the same command with --resume does the ${counted(rows.length - done, 'board')} left.\n`);
  else if (failed + errors > 0)
    io.stderr(
      `The same command with --resume tries the ${counted(failed + errors, 'other')} again; the state is in ${shown(state.path)}.\n`,
    );
  if (errors + open > 0) return EXIT.cannotRun;
  return failed > 0 ? EXIT.fail : EXIT.pass;
}

function untouched(job: BatchJob): BatchOutcome {
  const nothing = { profile: null, cardSerial: null, verified: null, reason: null, at: '' };
  return { ...nothing, serialNumber: job.row.serialNumber, board: nameOfBoard(job), outcome: 'open' };
}

const OUTCOMES = { done: 'done', failed: 'FAILED', error: 'ERROR', open: 'open' } as const;

function table(rows: readonly BatchOutcome[]): string {
  const serialWidth = Math.max(13, ...rows.map(({ serialNumber }) => serialNumber.length));
  const boardWidth = Math.max(5, ...rows.map(({ board }) => (board ?? '').length));
  const line = (serial: string, board: string, outcome: string, rest: string): string =>
    shown(`${serial.padEnd(serialWidth)}  ${board.padEnd(boardWidth)}  ${outcome.padEnd(6)}  ${rest}`.trimEnd());
  return [
    line('serial number', 'board', 'result', ''),
    ...rows.map((row) =>
      line(
        row.serialNumber,
        row.board ?? '',
        OUTCOMES[row.outcome],
        row.outcome === 'done' ? doneInWords(row) : (row.reason ?? ''),
      ),
    ),
    '',
  ].join('\n');
}
