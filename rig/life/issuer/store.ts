import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { migrate } from '../../store/migrate.ts';
import { openSql } from '../../store/open.ts';
import type { Sql } from '../../store/sql.ts';
import { sweepApplications } from './application-files.ts';
import { ISSUER_TABLES } from './migrations.ts';
import { purgeExpired } from './purge.ts';

/** The registry, and the folder with the files of applications. */
export interface IssuerStore {
  readonly sql: Sql;
  /** Folder that holds the pictures and videos of applications until they are destroyed. */
  readonly files: string;
}

/**
 * Opens a registry: its tables are brought to their newest form, and files of applications that are due are destroyed, and so are
 * presences and contexts that ended long ago.
 * @param location folder of a PGlite database, or URL of a PostgreSQL database
 * @param now milliseconds since 1970
 * @throws {HalError} `busy`, `storage`; {StoreError}
 */
export async function openIssuerStore(options: {
  readonly location: string;
  readonly files: string;
  readonly now: number;
}): Promise<IssuerStore> {
  const { location, files, now } = options;
  makeFolder(files, PRIVATE);
  const sql = await openSql(location);
  try {
    await migrate(sql, ISSUER_TABLES, now);
    const store = { sql, files };
    await sweepApplications(store, now);
    await purgeExpired(store, now);
    return store;
  } catch (error) {
    await sql.close();
    throw error;
  }
}
