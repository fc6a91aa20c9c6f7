import { NO_DATABASE_URL } from './database-hosts.ts';
import type { OpenedSql } from './sql.ts';
import { StoreError } from './store-error.ts';

/** Whether a text names a PostgreSQL database; anything else is a folder. */
export function isDatabaseUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//i.test(location);
}

/**
 * Opens a database by its URL, or the PGlite database in a folder.
 * @throws {StoreError} a URL of something else; as `openPglite` and `openPostgresql`
 */
export async function openSql(location: string): Promise<OpenedSql> {
  // As a folder it would be made, with its first slash, in the folder of today.
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location) && !isDatabaseUrl(location)) {
    throw new StoreError('denied', NO_DATABASE_URL);
  }
  // Each is large: only the one that is asked for is loaded.
  if (isDatabaseUrl(location)) return (await import('./postgresql.ts')).openPostgresql(location);
  return (await import('./pglite.ts')).openPglite(location);
}
