import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { type ImageNames, imageNames } from '../card/image-name.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputText } from '../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { stateFolder } from '../console/state-folder.ts';
import { type BoardIdentity, identifyBoard } from '../endpoint/board-identity.ts';
import type { EvidenceChoice } from '../judge/evidence/plan.ts';
import { checkReportFile, writeReportFile } from '../report/report-file.ts';
import { counted } from '../report/words.ts';
import type { RecordChoice } from '../trace/record-choice.ts';
import { type BatchDocument, batchEvidence } from './batch-evidence.ts';
import type { BatchJob } from './batch-job.ts';
import { type BatchOutcome, batchAsJunit } from './batch-junit.ts';
import { type BatchRow, parseBatchList } from './batch-list.ts';
import { runBatch } from './batch-progress.ts';
import { refuseSameSerial, sameCardTwice, serialForBoard } from './batch-serials.ts';
import { type BatchPlan, BatchState, type RowState } from './batch-state.ts';
import { EvidenceRun } from './evidence-run.ts';
import { flashBoard, type Verifier } from './flash-board.ts';
import { type FlashImage, newFlashImage, readFlashImage } from './flash-image.ts';
import { type Bench, thisBench } from './open-board.ts';
import { recordedVerifier } from './recorded-verifier.ts';
import { whose } from './run-phases.ts';

export interface BatchOptions {
  /** `all` of the USB ports that the system lists, or ports. */
  readonly boards: 'all' | readonly string[];
  /** The CSV file. */
  readonly list: string;
  /** For rows without a card of their own. */
  readonly image: string | null;
  readonly profile: string | null;
  readonly verifyWith: string | null;
  readonly resume: boolean;
  /** Over cards that were written into since they were flashed. */
  readonly force: boolean;
  /** Boards at the same time. */
  readonly parallel: number;
  /** The lab's key that names images; null: the one in the state folder. */
  readonly imageKey: string | null;
  readonly junit: string | null;
  readonly evidence: EvidenceChoice | null;
  /** How to record the reading back. */
  readonly record: RecordChoice;
}

/**
 * `vitap board flash --boards`: a list of boards, several at a time. Ctrl-C ends the boards that are under way, leaves
 * them asleep, and the batch can be resumed.
 * @returns 0 every board has its card, 1 some board is at fault, 2 the rig could not do some of it
 */
export async function flashBatch(options: BatchOptions, io: CommandIo, given?: Bench): Promise<ExitCode> {
  const text = readInputText(options.list, 'a list of boards');
  const rows = parseBatchList(text, options.list);
  if (options.junit !== null) checkReportFile(options.junit);
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
  const plan = planOf(text, options);
  const state = BatchState.open(`${options.list}.batch`, plan, options.resume);
  const boardsOf = new Map(
    rows.map((row) => [row, state.get(row.serialNumber)?.board?.replace(/^pn532:/, '') ?? null]),
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
  const twice = sameCardTwice(jobs);
  if (twice !== null) io.stderr(`${shown(twice)}\n`);
  if (before > 0) io.stderr(`${before} of ${counted(jobs.length, 'board')} done already.\n`);
  try {
    await runBatch(todo, {
      io,
      parallel: options.parallel,
      run: async (job, say) => {
        const row = await flashRow(job, { bench, verifier, names, made, force: options.force, io, say });
        if (row !== null) state.set(row);
        return row;
      },
    });
  } finally {
    await recorded.close();
  }
  const document = documentOf(jobs, state, options.list);
  const exit = conclude(document, state, options, io);
  const station = stationOf(io);
  const scene = { text, plan, verifyWith: options.verifyWith, station, backend, startedAt } as const;
  evidence?.write(() => batchEvidence(evidence, document, scene), io);
  return exit;
}

function stationOf({ env }: CommandIo): string {
  return env.VITAP_STATION ?? hostname();
}

interface RowTools {
  readonly bench: Bench;
  readonly verifier: Verifier | null;
  readonly names: ImageNames;
  /** Cards of this batch by their serial number, hex, with the numbers of their boards. */
  readonly made: Map<string, string>;
  readonly force: boolean;
  readonly io: CommandIo;
  readonly say: (text: string) => void;
}

/** @returns null when it was interrupted: the row is still to be done */
async function flashRow(
  { row, identity, card }: BatchJob,
  { bench, verifier, names, made, force, io, say }: RowTools,
): Promise<RowState | null> {
  if (io.signal.aborted) return null;
  const { serialNumber } = row;
  const startMs = performance.now();
  const at = new Date().toISOString();
  const base = () => ({
    serialNumber,
    board: `pn532:${identity.port}`,
    at,
    durationMs: Math.round(performance.now() - startMs),
  });
  try {
    const ofProfile = (serial: Uint8Array): Uint8Array => row.cardSerial ?? serialForBoard(serial, serialNumber);
    const image = 'contents' in card ? card : await newFlashImage(card.profile, ofProfile);
    if (!('contents' in card)) refuseSameSerial(made, image.cardSerial, serialNumber);
    const { verified } = await flashBoard({
      board: await bench.open(identity.port),
      image,
      names,
      force,
      serialNumber,
      station: stationOf(io),
      folder: stateFolder(io.env),
      verifier,
      signal: io.signal,
      say,
    });
    const { profile, cardSerial } = image;
    return { ...base(), outcome: 'done', profile, cardSerial, verified, reason: null };
  } catch (error) {
    if (io.signal.aborted) return null;
    const { verdict, reason } = whose(error, io.signal);
    const outcome = verdict === 'fail' ? 'failed' : 'error';
    return { ...base(), outcome, profile: null, cardSerial: null, verified: null, reason };
  }
}

/** Gives every row its board and its card; all that is wrong with the plan is found before any board is touched. */
export function planBatch(
  rows: readonly BatchRow[],
  options: Pick<BatchOptions, 'boards' | 'image' | 'profile' | 'list'>,
  bench: Pick<Bench, 'listed'>,
): readonly BatchJob[] {
  const ports =
    options.boards === 'all'
      ? bench.listed.filter(({ vendorId }) => vendorId !== undefined).map(({ path }) => path)
      : options.boards;
  const free = new Map(ports.map((port) => [port, identifyBoard(port, bench.listed)]));
  const images = new Map<string, FlashImage>();
  const take = (row: BatchRow, identity: BoardIdentity | undefined, why: string): BoardIdentity => {
    if (identity === undefined) throw new CannotRun(`${options.list}, line ${row.line}: ${why}`);
    free.delete(identity.port);
    return identity;
  };
  const named = new Map<BatchRow, BoardIdentity>();
  // Rows that say which board come first, so that none of the others takes it.
  for (const row of rows) {
    if (row.port !== null) {
      // A simulated port is listed by nothing: naming it in the list is enough with --boards all.
      const found =
        free.get(row.port) ?? (options.boards === 'all' ? identifyBoard(row.port, bench.listed) : undefined);
      named.set(row, take(row, found, `port ${row.port} is not among --boards, or stands for another row`));
    } else if (row.identity !== null) {
      const found = [...free.values()].find(
        ({ key, usb }) => key === row.identity || usb?.serialNumber === row.identity,
      );
      named.set(row, take(row, found, `no board with identity ${row.identity} is among the ports`));
    }
  }
  return rows.map((row) => {
    const next = [...free.values()][0];
    const why = `no board is left for serial number ${row.serialNumber}: ${ports.length} ports for ${rows.length} rows`;
    const identity = named.get(row) ?? take(row, next, why);
    return { row, identity, card: cardOf(row, options, images) };
  });
}

function cardOf(
  row: BatchRow,
  options: Pick<BatchOptions, 'image' | 'profile' | 'list'>,
  images: Map<string, FlashImage>,
): BatchJob['card'] {
  const path = row.image ?? (row.profile === null ? options.image : null);
  if (path !== null) {
    const known = images.get(path) ?? readFlashImage(path, row.profile ?? options.profile);
    images.set(path, known);
    return known;
  }
  const profile = row.profile ?? options.profile;
  if (profile !== null) return { profile };
  throw new CannotRun(
    `${options.list}, line ${row.line}: which card? name one in the column profile or image, or with --image or --profile`,
  );
}

function planOf(text: string, { image, profile, boards }: BatchOptions): BatchPlan {
  return {
    list: createHash('sha256').update(text).digest('hex'),
    image,
    profile,
    boards: boards === 'all' ? 'all' : boards.map((port) => `pn532:${port}`).join(','),
  };
}

/** One reader for many boards: it reads one card after the other. */
function oneAtATime(verifier: Verifier): Verifier {
  let last: Promise<unknown> = Promise.resolve();
  return {
    name: verifier.name,
    async open() {
      const before = last;
      let done = (): void => {};
      last = new Promise<void>((resolve) => {
        done = resolve;
      });
      await before;
      try {
        const { reader, readerName } = await verifier.open();
        const close = reader.close.bind(reader);
        reader.close = async () => {
          await close();
          done();
        };
        return { reader, readerName };
      } catch (error) {
        done();
        throw error;
      }
    },
  };
}

function documentOf(jobs: readonly BatchJob[], state: BatchState, list: string): BatchDocument {
  const rows = jobs.map(({ row, identity }) => ({ ...untouched(row, identity), ...state.get(row.serialNumber) }));
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

function untouched(row: BatchRow, identity: BoardIdentity): BatchOutcome {
  const nothing = { profile: null, cardSerial: null, verified: null, reason: null, at: '' };
  return { ...nothing, serialNumber: row.serialNumber, board: `pn532:${identity.port}`, outcome: 'open' };
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
        row.outcome === 'done' ? `${row.profile}, card ${row.cardSerial}; ${row.verified}` : (row.reason ?? ''),
      ),
    ),
    '',
  ].join('\n');
}
