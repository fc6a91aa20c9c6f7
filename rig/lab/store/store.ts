import { join } from 'node:path';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { migrate } from '../../store/migrate.ts';
import { openSql } from '../../store/open.ts';
import type { OpenedSql, Sql } from '../../store/sql.ts';
import { LAB_TABLES } from './migrations.ts';
import { openQueue, type RunQueue } from './queue.ts';

/** The lab's database with its queue, and the folder of its blobs. */
export interface LabStore {
  readonly sql: Sql;
  /** Hears what other servers on the same database tell. */
  readonly listen: OpenedSql['listen'];
  readonly queue: RunQueue;
  /** Folder of the blobs. */
  readonly blobs: string;
  close(): Promise<void>;
}

/**
 * Opens a lab: its tables and those of the queue are brought to their newest form.
 * @param folder of the blobs, and of a PGlite database
 * @param url of a PostgreSQL database; null: PGlite in the folder
 * @param fault gets errors of maintenance, which is tried again later
 * @throws {HalError} `busy`, `storage`; {StoreError}
 */
export async function openLabStore(options: {
  readonly folder: string;
  readonly url: string | null;
  readonly now: number;
  readonly fault: (error: unknown) => void;
}): Promise<LabStore> {
  const { folder, url, now, fault } = options;
  const blobs = join(folder, 'blobs');
  makeFolder(blobs, PRIVATE);
  const sql = await openSql(url ?? join(folder, 'store'));
  try {
    await migrate(sql, LAB_TABLES, now);
    const queue = await openQueue(sql, fault);
    return {
      sql,
      listen: (channel, heard) => sql.listen(channel, heard),
      queue,
      blobs,
      close: async () => {
        await queue.close();
        await sql.close();
      },
    };
  } catch (error) {
    await sql.close();
    throw error;
  }
}
