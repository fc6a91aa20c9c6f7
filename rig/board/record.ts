import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { HalError } from '../../src/hal/errors.ts';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { readInputText } from '../console/input-file.ts';
import { makeFolder, PRIVATE } from '../console/make-folder.ts';
import type { BoardIdentity } from '../endpoint/board-identity.ts';
import type { PhaseResult } from './phase.ts';

export const RECORD_SCHEMA = 'vitap-board-test';
export const RECORD_VERSION = 1;

/** One test of one board. It stands alone: whoever finds the file needs nothing else to understand it. */
export interface BoardRecord {
  readonly schema: typeof RECORD_SCHEMA;
  readonly schemaVersion: typeof RECORD_VERSION;
  readonly verdict: 'pass' | 'fail' | 'error';
  /** A simulated board’s record is no result about any hardware. */
  readonly backend: 'simulated' | 'hardware';
  /** False when phases were left out by choice. */
  readonly complete: boolean;
  readonly board: {
    readonly name: string;
    readonly identity: BoardIdentity;
    /** As the operator or the command line said; null when nobody did. */
    readonly serialNumber: string | null;
  };
  readonly partner: string | null;
  readonly station: { readonly host: string; readonly machine: string; readonly system: string };
  readonly operator: string | null;
  readonly program: string;
  readonly commit: string | null;
  readonly node: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly phases: readonly PhaseResult[];
  readonly comparison: readonly Drift[];
  /** Where the limits come from that measurements have with `limitsFrom: station`; null: all are those of the program. */
  readonly stationLimits: { readonly file: string; readonly sha256: string } | null;
}

/** A measurement beside those of the board’s earlier passes. */
export interface Drift {
  readonly phase: string;
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  readonly median: number;
  /** How many earlier records have it. */
  readonly earlier: number;
  /** value / median − 1; null when the median is 0. */
  readonly change: number | null;
  /** The change is larger than is usual for this board. */
  readonly drifted: boolean;
}

/** What of an earlier record is used; anything else of it may be of another version. */
export interface EarlierRecord {
  readonly verdict: 'pass' | 'fail' | 'error';
  readonly backend: 'simulated' | 'hardware';
  readonly startedAt: string;
  readonly board: { readonly identity: { readonly key: string }; readonly serialNumber: string | null };
  readonly phases: readonly {
    readonly id: string;
    readonly measurements: readonly { readonly id: string; readonly value: number | string | boolean | null }[];
  }[];
}

const EARLIER: z.ZodType<EarlierRecord> = z.object({
  schema: z.literal(RECORD_SCHEMA),
  schemaVersion: z.literal(RECORD_VERSION),
  verdict: z.enum(['pass', 'fail', 'error']),
  backend: z.enum(['simulated', 'hardware']),
  startedAt: z.string(),
  board: z.object({ identity: z.object({ key: z.string() }), serialNumber: z.string().nullable() }),
  phases: z.array(
    z.object({
      id: z.string(),
      measurements: z.array(
        z.object({ id: z.string(), value: z.union([z.number(), z.string(), z.boolean(), z.null()]) }),
      ),
    }),
  ),
});

/** Writes a record under a name of its own, whole or not at all. @returns its path */
export function writeRecord(folder: string, record: BoardRecord): string {
  makeFolder(folder, PRIVATE);
  const who = record.board.serialNumber ?? record.board.identity.key;
  const when = record.startedAt.replaceAll(/[:.]/g, '-');
  const name = `${who.replaceAll(/[^A-Za-z0-9._-]/g, '_')}_${when}`;
  let path = join(folder, `${name}.json`);
  // Rounds of a loop may begin within one millisecond.
  for (let n = 2; existsSync(path); n++) path = join(folder, `${name}-${n}.json`);
  replaceFile(path, [Buffer.from(`${JSON.stringify(record, null, 2)}\n`)]);
  return path;
}

/** Where a record is: in its folder, elsewhere, or nowhere. */
export interface KeptRecord {
  /** Null when no disk takes it. */
  readonly path: string | null;
  /** Why it is not in its folder; null when it is. */
  readonly problem: string | null;
}

/** Writes a record into its folder; when that takes nothing, into a temporary one: a test is not lost with a full disk. */
export function keepRecord(folder: string, record: BoardRecord, elsewhere: string = tmpdir()): KeptRecord {
  const problems: string[] = [];
  for (const place of [() => folder, () => mkdtempSync(join(elsewhere, 'vitap-record-'))]) {
    try {
      return { path: writeRecord(place(), record), problem: problems[0] ?? null };
    } catch (error) {
      if (!(error instanceof HalError) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      problems.push((error as Error).message);
    }
  }
  return { path: null, problem: problems[0] as string };
}

/**
 * Earlier records of the same board: of the same serial number where both have one, else of the same identity; and of
 * the same backend, always. Oldest first.
 * @param onUnreadable told of files that are no record
 */
export function earlierRecords(
  folder: string,
  { board, backend }: Pick<BoardRecord, 'board' | 'backend'>,
  onUnreadable: (path: string) => void,
): readonly EarlierRecord[] {
  const found: EarlierRecord[] = [];
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const record = readEarlier(path);
    if (record === null) onUnreadable(path);
    else if (record.backend === backend && sameBoard(record.board, board)) found.push(record);
  }
  return found.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}

function sameBoard(earlier: EarlierRecord['board'], now: BoardRecord['board']): boolean {
  if (earlier.serialNumber !== null && now.serialNumber !== null) return earlier.serialNumber === now.serialNumber;
  return earlier.identity.key === now.identity.key;
}

/** Names of what may be a record; none where there is no folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

function readEarlier(path: string): EarlierRecord | null {
  try {
    const read = EARLIER.safeParse(JSON.parse(readInputText(path, 'a record')));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}

/** Where a record is that its folder did not take. @param json whether it was printed as the output */
export function notInPlace({ path, problem }: KeptRecord, json: boolean): string {
  if (path !== null) return `the record is not where it belongs, it is in ${path}: ${problem}`;
  return `the record could be kept nowhere, ${json ? 'what was printed is' : 'it was printed above as'} the only one: ${problem}`;
}
