import type { OpenedSql } from './sql.ts';

/** Whether a text names a PostgreSQL database; anything else is a folder. */
export function isDatabaseUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//i.test(location);
}

/** Opens a database by its URL, or the PGlite database in a folder. @throws as {@link openPglite} and `openPostgresql` */
export async function openSql(location: string): Promise<OpenedSql> {
  // Each is large: only the one that is asked for is loaded.
  if (isDatabaseUrl(location)) return (await import('./postgresql.ts')).openPostgresql(location);
  return (await import('./pglite.ts')).openPglite(location);
}
