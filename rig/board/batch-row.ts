import { hostname } from 'node:os';
import { toHex } from '../../src/apdu/hex.ts';
import type { ImageNames } from '../card/image-name.ts';
import { CannotRun } from '../console/failure.ts';
import type { CommandIo } from '../console/io.ts';
import { stateFolder } from '../console/state-folder.ts';
import { type BatchJob, nameOfBoard } from './batch-job.ts';
import type { BatchFirmware } from './batch-options.ts';
import { refuseSameSerial, serialForBoard } from './batch-serials.ts';
import type { Interrupted, RowState } from './batch-state.ts';
import type { CardIdentity } from './card-identity.ts';
import type { CardKeys } from './card-keys.ts';
import { programBoard } from './firmware/program-board.ts';
import { flashBoard, type Verifier } from './flash-board.ts';
import { type FlashImage, newFlashImage } from './flash-image.ts';
import { NOT_CHANGED } from './left-as.ts';
import type { Bench } from './open-board.ts';
import { whose } from './run-phases.ts';

const SINCE = ' since an earlier run: ';

/** What all rows of a batch share. */
export interface RowTools {
  readonly bench: Bench;
  readonly verifier: Verifier | null;
  readonly names: ImageNames;
  /** Cards of this batch by their serial number, hex, with the numbers of their boards. */
  readonly made: Map<string, string>;
  readonly keys: CardKeys;
  /** Chips of this batch by their unique number, with the numbers of their boards. */
  readonly chips: Map<string, string>;
  readonly force: boolean;
  readonly resume: boolean;
  /** Null: cards for PN532. */
  readonly firmware: BatchFirmware | null;
  readonly io: CommandIo;
  readonly say: (text: string) => void;
}

/** @param before what an earlier run said of the board; null: nothing */
export async function flashRow(job: BatchJob, tools: RowTools, before: string | null): Promise<RowState | Interrupted> {
  const { row, card } = job;
  const { made, io } = tools;
  if (io.signal.aborted) return { outcome: 'interrupted', reason: null };
  const { serialNumber } = row;
  const startMs = performance.now();
  const at = new Date().toISOString();
  const base = () => ({
    serialNumber,
    board: nameOfBoard(job),
    at,
    durationMs: Math.round(performance.now() - startMs),
  });
  try {
    const own: CardIdentity = {
      serialOf: (ofProfile) => row.cardSerial ?? serialForBoard(ofProfile, serialNumber),
      uid: row.uid,
      keys: tools.keys.get(serialNumber) ?? [],
    };
    const isNew = card !== null && !('contents' in card);
    const image = isNew ? await newFlashImage(card.profile, own) : card;
    if (isNew && image !== null) refuseSameSerial(made, image.cardSerial, serialNumber);
    const done =
      tools.firmware === null ? await putCard(job, image, tools) : await putFirmware(job, image, tools, tools.firmware);
    const { profile = null, cardSerial = null } = image ?? {};
    const uid = row.uid === null ? {} : { uid: row.uid === 'random' ? row.uid : toHex(row.uid) };
    return { ...base(), outcome: 'done', profile, cardSerial, ...uid, reason: null, ...done };
  } catch (error) {
    if (io.signal.aborted) return { outcome: 'interrupted', reason: error instanceof CannotRun ? error.message : null };
    const { verdict, reason } = whose(error, io.signal);
    const outcome = verdict === 'fail' ? 'failed' : 'error';
    return { ...base(), outcome, profile: null, cardSerial: null, verified: null, reason: sinceBefore(reason, before) };
  }
}

/** A board that this run did not change is what an earlier one left. */
function sinceBefore(reason: string, before: string | null): string {
  if (before === null || !reason.endsWith(NOT_CHANGED) || before.endsWith(NOT_CHANGED)) return reason;
  return `${reason}${SINCE}${before.split(SINCE).at(-1)}`;
}

async function putCard(
  { row, identity }: BatchJob,
  image: FlashImage | null,
  { bench, names, force, verifier, io, say }: RowTools,
): Promise<Pick<RowState, 'verified'>> {
  if (image === null) throw new Error('a PN532 gets a card');
  const { verified } = await flashBoard({
    board: await bench.open(identity.port),
    image,
    names,
    force,
    serialNumber: row.serialNumber,
    station: stationOf(io),
    folder: stateFolder(io.env),
    verifier,
    signal: io.signal,
    say,
  });
  return { verified };
}

async function putFirmware(
  { row, identity, target }: BatchJob,
  card: FlashImage | null,
  { chips, resume, io, say }: RowTools,
  { program, bench }: BatchFirmware,
): Promise<Pick<RowState, 'verified' | 'chip'>> {
  const { serialNumber } = row;
  const { chip, verified } = await programBoard({
    board: { target, path: identity.port },
    options: program,
    bench,
    card,
    resume,
    signal: io.signal,
    say,
    seen: ({ uid }) => refuseSameChip(chips, uid, serialNumber),
  });
  return chip === null || chip.uid === null ? { verified } : { verified, chip: chip.uid };
}

/** @throws {CannotRun} the chip is that of another board of the batch: before it is changed */
function refuseSameChip(chips: Map<string, string>, uid: string | null, serialNumber: string): void {
  if (uid === null) return;
  const other = chips.get(uid);
  if (other !== undefined && other !== serialNumber) {
    throw new CannotRun(`the chip with the number ${uid} is that of ${other}: two ports lead to one board`);
  }
  chips.set(uid, serialNumber);
}

export function stationOf({ env }: CommandIo): string {
  return env.VITAP_STATION ?? hostname();
}
