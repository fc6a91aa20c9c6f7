import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, type ReadStream, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { MOST_BLOB_BYTES } from '../api/blob.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

/** Codes of a disk that takes no more. */
const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/**
 * Keeps a file under its hash. It gets its name when it is whole, right and on the disk; one that is there already stays.
 * @param bytes what came, in pieces
 * @throws {LabRefusal} another hash, too large, torn, or the disk is full: nothing is kept
 */
export async function storeBlob(store: LabStore, sha256: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const folder = join(store.blobs, sha256.slice(0, 2));
  makeFolder(folder, PRIVATE);
  const unfinished = join(folder, `${randomUUID()}.new`);
  try {
    const size = await writeWhole(unfinished, sha256, bytes);
    await rename(unfinished, blobFile(store, sha256));
    await store.sql.query(
      'insert into lab_blobs (sha256, bytes, stored_at) values ($1, $2, lab_now()) on conflict (sha256) do update set stored_at = excluded.stored_at',
      [sha256, size],
    );
  } catch (error) {
    rmSync(unfinished, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (FULL.includes(code ?? '')) throw new LabRefusal('disk-full');
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') throw new LabRefusal('blob-torn');
    throw error;
  }
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

/** @returns the content in pieces @throws {LabRefusal} `blob-unknown` */
export function readBlob(store: LabStore, sha256: string): ReadStream {
  const path = blobFile(store, sha256);
  if (!existsSync(path)) throw new LabRefusal('blob-unknown');
  return createReadStream(path);
}

/** Which of these are not here, each once. */
export function missingBlobs(store: LabStore, hashes: readonly string[]): readonly string[] {
  return [...new Set(hashes)].filter((sha256) => !existsSync(blobFile(store, sha256)));
}

/** Whether a file belongs to a result; the others are inputs of campaigns, which may hold what a viewer may not see. */
export async function isOfResult({ sql }: LabStore, sha256: string): Promise<boolean> {
  return (await sql.query('select 1 as one from lab_blob_uses where sha256 = $1 limit 1', [sha256])).length > 0;
}

export function removeBlob(store: LabStore, sha256: string): void {
  rmSync(blobFile(store, sha256), { force: true });
}
