import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileLock } from '../../../src/hal/nvm/file-lock.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJsonLine } from '../../console/io.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { packageVersion } from '../../console/package-root.ts';
import { warnOfSharedCode } from '../../console/private-key-file.ts';
import { shown } from '../../console/shown.ts';
import { stateFolder } from '../../console/state-folder.ts';
import { thisMachine } from '../../doctor/machine.ts';
import { parsePin, pinnedFetch } from '../../web/pinned-fetch.ts';
import { readTokenAddress, type TokenAddress } from '../../web/token-origin.ts';
import { benchLink } from '../api/bench-link.ts';
import type { LabLine } from '../api/call.ts';
import { BENCH_NAME } from '../api/fields.ts';
import { LabRefused } from '../api/lab-refused.ts';
import { openPoolChannel } from '../pool/open-channel.ts';
import { Agent } from './agent.ts';
import { Baselines } from './baselines.ts';
import { type BenchFile, NO_BENCH_FILE, readBenchFile } from './bench-file.ts';
import { benchSigner } from './bench-key.ts';
import { devicesOf, NOBODY, seeReaders } from './devices.ts';
import { KEPT_DRIFT, NO_DRIFT } from './drift.ts';
import { echoDrift, echoesAt } from './echo.ts';
import { noRoom } from './full-disk.ts';
import { OwnFile } from './own-file.ts';
import { referenceDrift, tapMeasure } from './reference.ts';
import { Spool } from './spool.ts';

/** Where a lab is, and who asks. */
export type LabAddress = TokenAddress;

export interface LabBenchOptions extends LabAddress {
  /** Null: made from the name of this machine. */
  readonly name: string | null;
  readonly benchFile: string | null;
  /** Where the bench keeps its key and its results; null: in the state folder of this station. */
  readonly folder: string | null;
  readonly imageKey: string | null;
}

/** `vitap lab bench`: takes runs until Ctrl-C. */
export async function labBench(options: LabBenchOptions, io: CommandIo): Promise<ExitCode> {
  const name = benchName(options.name);
  const file = options.benchFile === null ? NO_BENCH_FILE : readBenchFile(options.benchFile);
  for (const path of new Set(file.cards.flatMap(({ pinFile, canFile }) => [pinFile ?? [], canFile ?? []].flat()))) {
    warnOfSharedCode(path, io);
  }
  const line = labLine(options);
  const folder = options.folder ?? join(stateFolder(io.env), 'lab', name);
  makeFolder(folder, PRIVATE);
  // Two agents in one folder would be one bench, and take each other's readers.
  const lock = FileLock.acquire(folder);
  const machine = thisMachine(io.env);
  const measure = tapMeasure(io.env);
  const say = (text: string): void =>
    io.json ? writeJsonLine(io, { event: 'said', text }) : io.stdout(`${shown(text)}\n`);
  const echoes = new Baselines(folder, 'echoes.json', say);
  const references = new Baselines(folder, 'references.json', say);
  try {
    await new Agent({
      bench: name,
      version: packageVersion(),
      link: (signal) => benchLink({ ...line, signal }),
      signer: benchSigner(folder),
      spool: new Spool(folder),
      env: io.env,
      imageKey: options.imageKey,
      look: async (signal) => {
        const looks = file.pcsc || namesPcsc(file);
        return devicesOf(file, looks ? await seeReaders(machine, signal) : NOBODY);
      },
      drift: {
        check: async (device, signal) =>
          (await echoDrift(device.capability.device, echoesAt(device), echoes, signal)) ??
          (device.card?.reference === true ? referenceDrift(device, references, measure, signal) : null),
        accept: (device) => {
          for (const each of [echoes, references]) each.forget(`${device} `);
        },
        kept: new OwnFile({
          path: join(folder, 'drift.json'),
          what: 'notes on what has drifted',
          schema: KEPT_DRIFT,
          empty: NO_DRIFT,
          say,
        }),
      },
      noRoom: () => noRoom([folder, tmpdir()]),
      openPool: (attempt, signal) => openPoolChannel({ ...line, signal }, `/v1/pool/attempts/${attempt}`, options.pin),
      say,
      signal: io.signal,
    }).run();
  } catch (error) {
    if (error instanceof LabRefused) throw new CannotRun(error.message, { cause: error });
    throw error;
  } finally {
    lock.release();
  }
  return EXIT.pass;
}

/** Whether a row is of a reader that PC/SC has, or of a card's end behind one. */
function namesPcsc({ readers }: BenchFile): boolean {
  return readers.some(({ reader, link }) => 'name' in reader || (link !== null && 'name' in link));
}

function benchName(given: string | null): string {
  const name =
    given ??
    hostname()
      .split('.')[0]
      ?.toLowerCase()
      .replace(/[^a-z0-9-]/g, '-') ??
    '';
  if (BENCH_NAME.safeParse(name).success) return name;
  throw new CannotRun(`a bench is named with up to 40 small letters, digits and -, and "${name}" is not: give --name`);
}

/** @throws {CannotRun} as {@link readTokenAddress}; no pin */
export function labLine(address: LabAddress): LabLine {
  const { pin } = address;
  return { ...readTokenAddress(address), ...(pin !== null && { fetch: pinnedFetch(parsePin(pin)) }) };
}
