import { createHash } from 'node:crypto';
import type { Sql } from './sql.ts';
import { StoreError } from './store-error.ts';

/** One step from one form of the tables to the next. Never changed once released: a change is a new migration. */
export interface Migration {
  /** 1, 2, … without a gap. */
  readonly number: number;
  /** What it does, in a few words. */
  readonly name: string;
  readonly statements: readonly string[];
}

/** Whoever has tables in a database: several owners can share one. */
export interface MigrationOwner {
  /** Small letters and hyphens: `issuer`. */
  readonly name: string;
  readonly migrations: readonly Migration[];
}

/** The indexes of a large table take their time. */
const LONG = { long: true } as const;
/** Any number, the same in every vitap: who migrates waits for others that do. */
const MIGRATING = 0x76697461;

/**
 * Brings the tables of an owner to their newest form: each missing migration in one transaction, with its SHA-256.
 * @param now milliseconds since 1970
 * @returns the numbers of the migrations that were made now
 * @throws {StoreError} `damaged`: a migration was changed after it was made, or a newer vitap made the tables
 */
export async function migrate(sql: Sql, owner: MigrationOwner, now: number): Promise<readonly number[]> {
  await sql.transaction(async (statements) => {
    await statements.query('select pg_advisory_xact_lock($1::int8)::text', [MIGRATING]);
    await statements.query(
      `create table if not exists migrations (
        owner text not null, number int not null, name text not null, checksum text not null, made_at int8 not null,
        primary key (owner, number))`,
    );
  });
  const made: number[] = [];
  for (const migration of owner.migrations) {
    if (await make(sql, owner, migration, now)) made.push(migration.number);
  }
  const [newest] = await sql.query<{ number: number }>(
    'select coalesce(max(number), 0)::int as number from migrations where owner = $1',
    [owner.name],
  );
  if ((newest?.number ?? 0) > owner.migrations.length) {
    throw new StoreError('damaged', `the database ${sql.location}: a newer vitap made its tables; use that one`);
  }
  return made;
}

/** @returns whether it was not there yet */
async function make(sql: Sql, owner: MigrationOwner, migration: Migration, now: number): Promise<boolean> {
  const checksum = checksumOf(migration);
  return sql.transaction(async (statements) => {
    await statements.query('select pg_advisory_xact_lock($1::int8)::text', [MIGRATING]);
    const [there] = await statements.query<{ checksum: string }>(
      'select checksum from migrations where owner = $1 and number = $2',
      [owner.name, migration.number],
    );
    if (there !== undefined) {
      if (there.checksum === checksum) return false;
      throw new StoreError(
        'damaged',
        `the database ${sql.location}: migration ${migration.number} of ${owner.name} is not the one that was made there`,
      );
    }
    for (const statement of migration.statements) await statements.query(statement);
    await statements.query(
      'insert into migrations (owner, number, name, checksum, made_at) values ($1, $2, $3, $4, $5)',
      [owner.name, migration.number, migration.name, checksum, now],
    );
    return true;
  }, LONG);
}

function checksumOf({ number, name, statements }: Migration): string {
  return createHash('sha256')
    .update(JSON.stringify([number, name, statements]))
    .digest('hex');
}
