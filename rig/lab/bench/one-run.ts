import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Channel } from '../../../src/hal/distant/index.ts';
import { describeFailure } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import type { CommandIo } from '../../console/io.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { hostVersions } from '../../report/host-environment.ts';
import { storable } from '../../web/storable-text.ts';
import type { TakenRun } from '../api/bench.ts';
import type { BlobLink } from '../api/blob-link.ts';
import { LabRefused } from '../api/lab-refused.ts';
import type { ResultBlob, ResultStatement } from '../api/result.ts';
import type { FiledCard } from './bench-file.ts';
import type { BenchSigner } from './bench-key.ts';
import type { LocalDevice } from './devices.ts';
import { isOfFullDisk } from './full-disk.ts';
import { fetchInputs } from './inputs.ts';
import { couldNot, judgeRun } from './judge-run.ts';
import type { Judged } from './judged.ts';
import { LostLink } from './lost-link.ts';
import { takenFiles, tracesFolder, tracesIn } from './run-files.ts';
import type { Spool } from './spool.ts';

export interface OneRun {
  readonly bench: string;
  readonly run: TakenRun;
  readonly device: LocalDevice;
  readonly link: BlobLink;
  readonly signer: BenchSigner;
  readonly spool: Spool;
  readonly env: CommandIo['env'];
  readonly imageKey: string | null;
  /** Ends it: the bench stops, or the lease is gone. */
  readonly signal: AbortSignal;
  /** As {@link RunPlace.openPool}, by the attempt. */
  openPool(attempt: string, signal: AbortSignal): Promise<Channel>;
  note(text: string): void;
}

/** A run was stopped in the middle, and has left something behind. */
export class LeftBehind extends Error {
  override readonly name = 'LeftBehind';
}

/**
 * Judges a run and keeps its signed result in the spool, from which it is sent.
 * @returns how it ended
 * @throws {HalError} `storage`: the result could not be kept; {LeftBehind}; {LostLink}; the reason of the signal; what a
 * full disk of this bench made fail
 */
export async function doRun(one: OneRun): Promise<Judged> {
  const { run, device, link, signal } = one;
  const startedAt = Date.now();
  const startMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-'));
  try {
    const inputs = join(folder, 'inputs');
    makeFolder(inputs, PRIVATE);
    const limit = AbortSignal.timeout(run.limitSeconds * 1000);
    const ends = AbortSignal.any([signal, limit]);
    let judged: Judged;
    let left: string | null = null;
    try {
      await fetchInputs(run.inputs, inputs, { link, signal: ends });
      const { bench, imageKey, note } = one;
      const openPool = (): Promise<Channel> => one.openPool(run.attempt, ends);
      const env = environmentOf(device.card, one.env);
      const last = run.attemptNumber >= run.attemptsAllowed;
      const place = { bench, device, folder, inputs, env, imageKey, note, openPool, signal: ends, last };
      judged = await judgeRun(run.work, {
        ...place,
        left: (words) => {
          left = words;
        },
      });
    } catch (error) {
      if (signal.aborted && left !== null) throw new LeftBehind(left, { cause: signal.reason });
      signal.throwIfAborted();
      if (isOfFullDisk(error) || error instanceof LostLink) throw error;
      const reason = limit.aborted ? tooLong(run) : reasonOf(error);
      const files = [...tracesIn(folder), ...tracesIn(tracesFolder({ folder }))];
      judged = { ...couldNot({ device }, left === null ? reason : `${reason}; ${left}`), files };
    }
    const files = takenFiles(judged.files, folder);
    // A clock that is set while a run goes on does not make it longer or shorter.
    const endedAt = startedAt + Math.round(performance.now() - startMs);
    await keep(one, { ...judged, files }, { startedAt, endedAt });
    return judged;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tooLong({ limitSeconds }: TakenRun): string {
  return `it took longer than the ${limitSeconds} s that its campaign allows`;
}

function reasonOf(error: unknown): string {
  if (error instanceof LabRefused) return `an input did not come: ${error.message}`;
  return describeFailure(error).sentences.join(' ');
}

/** The codes of a card that lies here go to its own runs, and no other code of this station to any. */
function environmentOf(card: FiledCard | null, env: CommandIo['env']): CommandIo['env'] {
  const kept = Object.entries(env).filter(([name]) => !/^VITAP_(PIN|CAN|PUK|MRZ)$/.test(name));
  return {
    ...Object.fromEntries(kept),
    ...(card?.pinFile != null && { VITAP_PIN: firstLine(card.pinFile) }),
    ...(card?.canFile != null && { VITAP_CAN: firstLine(card.canFile) }),
  };
}

function firstLine(path: string): string {
  return (readInputText(path, 'a file with a code', 4096).split('\n')[0] ?? '').trim();
}

async function keep(
  { bench, run, device, signer, spool }: OneRun,
  judged: Judged,
  times: Pick<ResultStatement, 'startedAt' | 'endedAt'>,
): Promise<void> {
  const { files, ...about } = judged;
  const found = files.map(({ path, ...file }) => {
    const bytes = readFileSync(path);
    return { path, blob: { ...file, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length } };
  });
  const blobs: readonly ResultBlob[] = found.map(({ blob }) => blob);
  const { program, node, system } = hostVersions();
  // Words of boards, cards and files may hold what no database keeps: the verdict must not be refused for them.
  const statement: ResultStatement = storable({
    run: run.run,
    attempt: run.attempt,
    bench,
    device: device.capability.device,
    ...times,
    ...about,
    versions: { vitap: program.slice(0, 100), node, system: system.slice(0, 100) },
    blobs,
  });
  const jws = await signer.sign(statement);
  spool.keep({
    attempt: run.attempt,
    jws,
    files: found.map(({ path, blob }) => ({ sha256: blob.sha256, path })),
  });
}
