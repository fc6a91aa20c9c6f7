import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeDeadCopies, replaceFile, syncFolder } from '../../../src/hal/nvm/replace-file.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { audit } from './audit.ts';
import type { IssuerStore } from './store.ts';

/** What a person sends: pictures of a document and a video of the face. */
export const APPLICATION_FILES = ['document-front', 'document-back', 'video'] as const;
export type ApplicationFile = (typeof APPLICATION_FILES)[number];

/** From the moment that an application arrives, whatever becomes of it. */
export const FILES_KEPT_MS: number = 96 * 60 * 60_000;
/** How long files may take to arrive. */
export const RECEIVING_MS: number = 60 * 60_000;

const folderOf = (store: IssuerStore, application: string): string => join(store.files, application);

/** Path of a file, for whoever reviews it. */
export function applicationFile(store: IssuerStore, application: string, file: ApplicationFile): string {
  return join(folderOf(store, application), file);
}

/** @throws {HalError} `storage` */
export function writeApplicationFiles(
  store: IssuerStore,
  application: string,
  files: ReadonlyMap<ApplicationFile, Uint8Array>,
): void {
  makeFolder(folderOf(store, application), PRIVATE);
  for (const [file, bytes] of files) replaceFile(applicationFile(store, application, file), [bytes]);
}

/** Removes an application's folder from the disk. Harmless when it is gone. */
export function destroyApplicationFiles(store: IssuerStore, application: string): void {
  const folder = folderOf(store, application);
  for (const file of APPLICATION_FILES) removeDeadCopies(join(folder, file));
  rmSync(folder, { recursive: true, force: true });
  syncFolder(store.files, store.files);
}

/**
 * Destroys every file that is due: of applications that were decided, that are 96 hours old, whose sending broke off, and
 * what belongs to no application. To be called at each start, before each verb, and every minute by a server.
 * @returns how many applications lost their files
 */
export async function sweepApplications(store: IssuerStore, now: number): Promise<number> {
  const due = await store.sql.query<{ id: string; state: string }>(
    `select id, state from applications where files_destroyed_at is null
     and (state not in ('receiving', 'waiting') or destroy_by <= $1 or (state = 'receiving' and received_at <= $2))`,
    [now, now - RECEIVING_MS],
  );
  for (const { id, state } of due) {
    // The files first: a power cut between leaves a row that says too little, never files that nobody looks for.
    destroyApplicationFiles(store, id);
    await store.sql.transaction(async (statements) => {
      if (state === 'receiving' || state === 'waiting') {
        const expired = await statements.query(
          `update applications set state = 'expired' where id = $1 and state in ('receiving', 'waiting') returning id`,
          [id],
        );
        if (expired.length > 0) await audit(statements, now, 'application-expired', { application: id });
      }
      const destroyed = await statements.query(
        'update applications set files_destroyed_at = $2 where id = $1 and files_destroyed_at is null returning id',
        [id, now],
      );
      if (destroyed.length > 0) await audit(statements, now, 'application-files-destroyed', { application: id });
    });
  }
  await removeStrays(store);
  return due.length;
}

/** A row is committed before its first file is written: a folder without a row, or whose files were destroyed, is a stray. */
async function removeStrays(store: IssuerStore): Promise<void> {
  for (const name of readdirSync(store.files)) {
    if (statSync(join(store.files, name), { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    const [row] = await store.sql.query('select id from applications where id = $1 and files_destroyed_at is null', [
      name,
    ]);
    if (row === undefined) destroyApplicationFiles(store, name);
  }
}
