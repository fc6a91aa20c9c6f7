import { createHash, randomUUID } from 'node:crypto';
import { existsSync, type ReadStream, readdirSync, rmSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import type { Statements } from '../../store/sql.ts';
import { MOST_BLOB_BYTES } from '../api/blob.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

/** Codes of a disk that takes no more. */
const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];
/** Codes of an upload whose sender went. */
const TORN: readonly string[] = ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'];
const UNFINISHED = '.new';
/** No upload takes so long: what lies there so long was left by a server that was killed. */
const LEFT_MS = 86_400_000;

/**
 * Keeps a file under its hash. It gets its name when it is whole, right and on the disk; one that is there already stays.
 * Its row and its name come in one transaction: whoever drops old files waits for the row, or is waited for.
 * @param bytes what came, in pieces
 * @throws {LabRefusal} another hash, too large, torn, or the disk is full: nothing is kept
 */
export async function storeBlob(store: LabStore, sha256: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const folder = join(store.blobs, sha256.slice(0, 2));
  const unfinished = join(folder, `${randomUUID()}${UNFINISHED}`);
  try {
    makeFolder(folder, PRIVATE);
    const size = await writeWhole(unfinished, sha256, bytes);
    await store.sql.transaction(async (within) => {
      await within.query(
        'insert into lab_blobs (sha256, bytes, stored_at) values ($1, $2, lab_now()) on conflict (sha256) do update set stored_at = excluded.stored_at',
        [sha256, size],
      );
      await rename(unfinished, blobFile(store, sha256));
    });
  } catch (error) {
    rmSync(unfinished, { force: true });
    if (FULL.includes(codeOf(error))) throw new LabRefusal('disk-full');
    if (TORN.includes(codeOf(error))) throw new LabRefusal('blob-torn');
    throw error;
  }
}

/** Of the error, or of what our own error of a folder was made from. */
function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause instanceof Error ? codeOf(cause) : '';
}

/** @returns its size */
async function writeWhole(path: string, sha256: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  const hash = createHash('sha256');
  let size = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const part of bytes) {
      size += part.length;
      if (size > MOST_BLOB_BYTES) throw new LabRefusal('blob-too-large');
      hash.update(part);
      await file.writeFile(part);
    }
    if (hash.digest('hex') !== sha256) throw new LabRefusal('blob-differs');
    await file.sync();
  } finally {
    await file.close();
  }
  return size;
}

function blobFile(store: LabStore, sha256: string): string {
  return join(store.blobs, sha256.slice(0, 2), sha256);
}

/** @returns the content in pieces @throws {LabRefusal} `blob-unknown`; `blob-elsewhere`: another server's folder has it */
export async function readBlob(store: LabStore, sha256: string): Promise<ReadStream> {
  try {
    // Opened now: it may be dropped before its first byte is read.
    return (await open(blobFile(store, sha256))).createReadStream();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const rows = await store.sql.query('select 1 as one from lab_blobs where sha256 = $1', [sha256]);
  throw new LabRefusal(rows.length === 0 ? 'blob-unknown' : 'blob-elsewhere', sha256);
}

/** Whether the folder of this server has it. */
export function isOnDisk(store: LabStore, sha256: string): boolean {
  return existsSync(blobFile(store, sha256));
}

/**
 * Which of these are not here, each once: in the tables and in the folder.
 * @param within a transaction, to the end of which nobody drops those that are here
 */
export async function missingBlobs(
  store: LabStore,
  hashes: readonly string[],
  within?: Statements,
): Promise<readonly string[]> {
  const asked = [...new Set(hashes)];
  if (asked.length === 0) return [];
  const rows = await (within ?? store.sql).query<{ sha256: string }>(
    `select sha256 from lab_blobs where sha256 in (select json_array_elements_text($1::json))
     ${within === undefined ? '' : 'order by sha256 for key share'}`,
    [JSON.stringify(asked)],
  );
  const known = new Set(rows.map((row) => row.sha256));
  return asked.filter((sha256) => !known.has(sha256) || !isOnDisk(store, sha256));
}

/** Whether a file belongs to a result; the others are inputs of campaigns, which may hold what a viewer may not see. */
export async function isOfResult({ sql }: LabStore, sha256: string): Promise<boolean> {
  return (await sql.query('select 1 as one from lab_blob_uses where sha256 = $1 limit 1', [sha256])).length > 0;
}

export function removeBlob(store: LabStore, sha256: string): void {
  rmSync(blobFile(store, sha256), { force: true });
}

/** Takes away what servers that were killed left in the folder: files without an end, and files without a row. */
export async function sweepBlobs(store: LabStore): Promise<void> {
  const old = Date.now() - LEFT_MS;
  for (const folder of readdirSync(store.blobs)) {
    const left = readdirSync(join(store.blobs, folder)).filter(
      (name) => (statSync(join(store.blobs, folder, name), { throwIfNoEntry: false })?.mtimeMs ?? old) < old,
    );
    const rows = await store.sql.query<{ sha256: string }>(
      'select sha256 from lab_blobs where sha256 in (select json_array_elements_text($1::json))',
      [JSON.stringify(left)],
    );
    const known = new Set(rows.map((row) => row.sha256));
    for (const name of left) if (!known.has(name)) rmSync(join(store.blobs, folder, name), { force: true });
  }
}
