import { CannotRun } from '../console/failure.ts';
import { openSql } from './open.ts';
import type { Sql } from './sql.ts';

const TABLES = 'select tablename from pg_tables where schemaname = current_schema()';

/**
 * A benchmark fills a database with what does not exist, and drops it: nobody's tables may be there.
 * @throws {CannotRun} the database has tables; {StoreError}
 */
export async function refuseTables(location: string): Promise<void> {
  const sql = await openSql(location);
  try {
    const tables = await sql.query(TABLES);
    if (tables.length > 0) {
      throw new CannotRun(
        `the database ${sql.location} has tables already: the bench needs one of its own, make it with createdb`,
      );
    }
  } finally {
    await sql.close();
  }
}

/** Drops what stands in the schema of the connection, so that the database is empty again. */
export async function dropTables(sql: Sql): Promise<void> {
  const tables = await sql.query<{ tablename: string }>(TABLES);
  for (const { tablename } of tables) await sql.query(`drop table if exists "${tablename}" cascade`);
}
