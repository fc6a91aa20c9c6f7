import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { CannotRun } from '../console/failure.ts';
import { readInputText } from '../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { stateFolder } from '../console/state-folder.ts';
import { counted } from '../report/words.ts';
import { namesIn, RECORD_SCHEMA, RECORD_VERSION } from './record.ts';

export interface RecordSearch {
  /** `pn532:PORT`, a port, or the key of an identity; null for any. */
  readonly board: string | null;
  /** With `*` for any characters. */
  readonly serialNumber: string | null;
  readonly station: string | null;
  /** Milliseconds since 1970. */
  readonly sinceMs: number | null;
  /** Only what is no pass. */
  readonly failed: boolean;
  /** Folder of the records; null for this station's own. */
  readonly records: string | null;
}

/** What a list says of a record. */
export interface ListedRecord {
  readonly file: string;
  readonly startedAt: string;
  readonly verdict: 'pass' | 'fail' | 'error';
  readonly backend: 'simulated' | 'hardware';
  readonly complete: boolean;
  readonly serialNumber: string | null;
  readonly board: string;
  /** What the board is known by. */
  readonly identity: string;
  readonly station: string;
  readonly operator: string | null;
  /** Phases that are no pass, with their reasons. */
  readonly wrong: readonly { readonly phase: string; readonly verdict: 'fail' | 'error'; readonly reason: string }[];
}

const RECORD = z.object({
  schema: z.literal(RECORD_SCHEMA),
  schemaVersion: z.literal(RECORD_VERSION),
  verdict: z.enum(['pass', 'fail', 'error']),
  backend: z.enum(['simulated', 'hardware']),
  complete: z.boolean(),
  startedAt: z.iso.datetime(),
  board: z.object({
    name: z.string(),
    identity: z.object({ key: z.string() }),
    serialNumber: z.string().nullable(),
  }),
  station: z.object({ host: z.string() }),
  operator: z.string().nullable(),
  phases: z.array(
    z.object({ id: z.string(), verdict: z.enum(['pass', 'fail', 'error', 'skipped']), reason: z.string() }),
  ),
});

/** `vitap board records`. @returns 0, also when there are none */
export async function listRecords(search: RecordSearch, io: CommandIo): Promise<ExitCode> {
  const folder = search.records ?? join(stateFolder(io.env), 'records');
  const { records, unreadable } = await readRecords(folder, io.signal);
  const found = records
    .filter((record) => isSought(record, search))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt) || a.file.localeCompare(b.file));
  for (const file of unreadable)
    io.stderr(`vitap: ${shown(file)} is no record of a board test that this program reads\n`);
  if (io.json) writeJson(io, { id: 'board-records', folder, records: found, unreadable });
  else io.stdout(inWords(found, records.length, folder));
  return EXIT.pass;
}

async function readRecords(
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly records: ListedRecord[]; readonly unreadable: string[] }> {
  const records: ListedRecord[] = [];
  const unreadable: string[] = [];
  for (const name of namesIn(folder)) {
    // A station may have tens of thousands of them.
    await setImmediate();
    signal.throwIfAborted();
    const file = join(folder, name);
    const record = readRecord(file);
    if (record === null) unreadable.push(file);
    else records.push(record);
  }
  return { records, unreadable };
}

function readRecord(file: string): ListedRecord | null {
  let document: unknown;
  try {
    document = JSON.parse(readInputText(file, 'a record'));
  } catch (error) {
    // No JSON, no plain file, too long, or not to be opened.
    if (
      error instanceof SyntaxError ||
      error instanceof CannotRun ||
      (error as NodeJS.ErrnoException).code !== undefined
    ) {
      return null;
    }
    throw error;
  }
  const read = RECORD.safeParse(document);
  if (!read.success) return null;
  const { board, station, phases, startedAt, verdict, backend, complete, operator } = read.data;
  return {
    file,
    ...{ startedAt, verdict, backend, complete },
    serialNumber: board.serialNumber,
    board: board.name,
    identity: board.identity.key,
    station: station.host,
    operator,
    wrong: phases.flatMap(({ id, verdict: each, reason }) =>
      each === 'fail' || each === 'error' ? [{ phase: id, verdict: each, reason }] : [],
    ),
  };
}

function isSought(record: ListedRecord, { board, serialNumber, station, sinceMs, failed }: RecordSearch): boolean {
  if (board !== null && ![record.board, record.identity].includes(board) && record.board !== `pn532:${board}`)
    return false;
  if (serialNumber !== null && !matches(record.serialNumber ?? '', serialNumber)) return false;
  if (station !== null && record.station !== station) return false;
  if (sinceMs !== null && Date.parse(record.startedAt) < sinceMs) return false;
  return !failed || record.verdict !== 'pass';
}

/** Case counts; `*` is any characters, in time that grows with the text alone. */
function matches(text: string, pattern: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  if (parts.length === 0) return text === pattern;
  const last = parts.pop() as string;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= text.length;
}

function inWords(found: readonly ListedRecord[], all: number, folder: string): string {
  const width = (values: readonly string[]): number => Math.max(0, ...values.map((value) => value.length));
  const rows = found.map((record) => ({
    record,
    serial: shown(record.serialNumber ?? '-'),
    board: shown(record.identity),
    station: shown(record.station),
  }));
  const widths = [rows.map(({ serial }) => serial), rows.map(({ board }) => board), rows.map(({ station }) => station)];
  const [a = 0, b = 0, c = 0] = widths.map(width);
  const lines = rows.map(({ record, serial, board, station }) => {
    const remarks = [
      ...(record.backend === 'simulated' ? ['simulated'] : []),
      ...(record.complete ? [] : ['some phases']),
      ...record.wrong.map(({ phase, reason }) => `${shown(phase)}: ${shown(reason)}`),
    ].join('; ');
    const verdict = record.verdict.toUpperCase().padEnd(5);
    return `${record.startedAt}  ${verdict}  ${serial.padEnd(a)}  ${board.padEnd(b)}  ${station.padEnd(c)}  ${remarks}`.trimEnd();
  });
  const end = `${found.length} of ${counted(all, 'record')} in ${shown(folder)}`;
  return [...lines, end, ''].join('\n');
}
