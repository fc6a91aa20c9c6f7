import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CannotRun } from '../../console/failure.ts';
import { openSql } from '../../store/open.ts';
import { dropTables, refuseTables } from '../../store/own-database.ts';
import type { Sql } from '../../store/sql.ts';
import { QUEUE_SCHEMA } from '../store/queue.ts';

/**
 * Runs work in a folder of its own, with a database that must be empty and is empty again afterwards.
 * @param store URL of a PostgreSQL database; null: PGlite, which goes with the folder
 */
export async function inEmptyLab<T>(store: string | null, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-bench-lab-'));
  try {
    if (store === null) return await work(folder);
    await refuseTables(store);
    let done: T;
    try {
      done = await work(folder);
    } catch (error) {
      // A database that is away, and keeps its tables, is not what went wrong first.
      await withSql(store, dropLab).catch(() => {});
      throw error;
    }
    await withSql(store, dropLab);
    return done;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function dropLab(sql: Sql): Promise<void> {
  await dropTables(sql);
  await sql.query(`drop schema if exists ${QUEUE_SCHEMA} cascade`);
  const functions = await sql.query<{ signature: string }>(
    `select oid::regprocedure::text as signature from pg_proc
     where pronamespace = current_schema()::regnamespace and proname like 'lab\\_%'`,
  );
  for (const { signature } of functions) await sql.query(`drop function if exists ${signature}`);
}

/**
 * Runs work with a second empty database beside the first one, which goes afterwards.
 * @param store URL of the first one; null: PGlite, which takes a folder and no database
 * @throws {CannotRun} the user may not make databases
 */
export async function beside<T>(store: string | null, work: (second: string | null) => Promise<T>): Promise<T> {
  if (store === null) return work(null);
  const url = new URL(store);
  const name = `${decodeURIComponent(url.pathname.slice(1))}_second`;
  const quoted = `"${name.replaceAll('"', '""')}"`;
  await withSql(store, async (sql) => {
    try {
      await sql.query(`create database ${quoted}`);
    } catch (cause) {
      throw new CannotRun(
        `the database ${name} cannot be made beside ${sql.location}: it is there already, or the user needs the right CREATEDB`,
        { cause },
      );
    }
  });
  url.pathname = encodeURIComponent(name);
  try {
    return await work(url.href);
  } finally {
    await withSql(store, (sql) => sql.query(`drop database if exists ${quoted} with (force)`));
  }
}

/** Opens a database for one look. */
export async function withSql<T>(location: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = await openSql(location);
  try {
    return await work(sql);
  } finally {
    await sql.close();
  }
}
