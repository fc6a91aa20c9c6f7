import type { LabStore } from './store.ts';

/** Rows of a table that died or changed: so many, and a fifth of the table besides, before it is worth a look. */
const ROWS = 1000;
const SHARE = 0.2;

/**
 * Does on PGlite what PostgreSQL's autovacuum does there: PGlite is one process without background workers, so rows that
 * died (counted changes, ended leases, jobs that are done) would stay in its files, and its planner would know nothing of
 * what came. It blocks this thread, one table at a time.
 * @returns the tables that were vacuumed; none on PostgreSQL
 */
export async function vacuumChanged(store: LabStore): Promise<readonly string[]> {
  if (store.sql.kind !== 'pglite') return [];
  // What was counted since the last second is added first.
  await store.sql.query('select pg_stat_force_next_flush()');
  const tables = await store.sql.query<{ name: string }>(
    `select format('%I.%I', schemaname, stat.relname) as name
     from pg_stat_user_tables stat join pg_class on pg_class.oid = stat.relid
     where greatest(n_dead_tup, n_mod_since_analyze) > $1::int8 + $2::float8 * greatest(reltuples, 0)
     order by name`,
    [ROWS, SHARE],
  );
  // A statement of its own each: none of them may be in a transaction.
  for (const { name } of tables) await store.sql.query(`vacuum (analyze) ${name}`);
  return tables.map(({ name }) => name);
}
