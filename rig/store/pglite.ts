import { existsSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { PGlite } from '@electric-sql/pglite';
import { FileLock } from '../../src/hal/nvm/file-lock.ts';
import { storageError } from '../../src/hal/nvm/storage-error.ts';
import { makeFolder, PRIVATE } from '../console/make-folder.ts';
import { PreparedStatements } from './pglite-statements.ts';
import type { Listening, OpenedSql, SqlRow, SqlValue, Statements } from './sql.ts';
import { closedHere, StoreError, storeError } from './store-error.ts';

const INT8 = 20;
const JSON_TYPE = 114;
const JSONB = 3802;

/** As PostgreSQL names the version in a data folder. */
const MARK = 'PG_VERSION';
/** Bytes that a new database takes, with its first log file. */
const ROOM = 50_000_000;

/**
 * Opens the database in a folder, and makes it if the folder is empty or not there. PGlite has no lock of its own and
 * loses rows when two processes open one folder: `FOLDER.lock` beside it names the process that has it.
 * @throws {HalError} `busy`: another process has it; `storage`
 * @throws {StoreError} the folder holds something else, or what is damaged
 */
export async function openPglite(folder: string): Promise<OpenedSql> {
  makeFolder(dirname(folder), PRIVATE);
  const lock = FileLock.acquire(folder);
  try {
    if (!existsSync(join(folder, MARK))) await makeDatabase(folder);
    const database = await start(folder);
    const statements = new PreparedStatements(database, await import('@electric-sql/pglite'));
    return new PgliteSql(folder, database, statements, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A database gets its name when it is whole: what a kill leaves is made anew the next time. */
async function makeDatabase(folder: string): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new StoreError('damaged', `${folder}: this folder is not empty and holds no database; name another one`);
  }
  const unfinished = `${folder}.new`;
  try {
    // The lock is held: whoever made it is dead.
    rmSync(unfinished, { recursive: true, force: true });
    makeFolder(unfinished, PRIVATE);
    const database = await start(unfinished);
    await database.close();
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (hasNoRoom(dirname(folder))) {
      throw new StoreError('full', `cannot make the database ${folder}: its disk has less than ${ROOM / 1e6} MB left`, {
        cause: error,
      });
    }
    if (error instanceof StoreError || !(error instanceof Error) || !('syscall' in error)) throw error;
    throw storageError('cannot make the database', folder, error);
  }
}

function hasNoRoom(folder: string): boolean {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < ROOM;
}

async function start(folder: string): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite');
  try {
    const text = (value: string): string => value;
    const parsers = { [INT8]: wholeNumber, [JSON_TYPE]: text, [JSONB]: text };
    return await PGlite.create({ dataDir: folder, parsers });
  } catch (cause) {
    const told = storeError(folder, cause);
    if (told instanceof StoreError) throw told;
    throw new StoreError('damaged', `${folder}: the database does not start: it is damaged, or its disk is full`, {
      cause,
    });
  }
}

/** A count or a time in milliseconds; nothing of ours is larger than a number can tell. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError('a whole number of the database is too large');
  return number;
}

class PgliteSql implements OpenedSql {
  readonly kind = 'pglite';
  readonly location: string;
  readonly #database: PGlite;
  readonly #statements: PreparedStatements;
  readonly #lock: FileLock;
  /** What has the database now, or had it last. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(folder: string, database: PGlite, statements: PreparedStatements, lock: FileLock) {
    this.location = folder;
    this.#database = database;
    this.#statements = statements;
    this.#lock = lock;
  }

  query<Row extends SqlRow>(statement: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#alone(() => this.#query<Row>(this.#database, statement, parameters));
  }

  script(statements: string): Promise<void> {
    // One message of the simple query protocol is one transaction.
    return this.#alone(() => this.#telling(async () => void (await this.#database.exec(statements))));
  }

  async transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    // What `work` throws may be of a file or a socket, and is not the database's.
    let thrown: { readonly error: unknown } | null = null;
    if (this.#closed) throw closedHere(this.location);
    const whole = (): Promise<T> =>
      this.#database.transaction(async (transaction) => {
        try {
          return await work({
            query: (statement, parameters) => this.#query(transaction, statement, parameters),
          });
        } catch (error) {
          thrown = { error };
          throw error;
        }
      }) as Promise<T>;
    try {
      return await this.#alone(whole);
    } catch (cause) {
      throw thrown === null ? storeError(this.location, cause) : (thrown as { readonly error: unknown }).error;
    }
  }

  listen(channel: string, heard: (payload: string | null) => void): Listening {
    let live = true;
    const started = this.#alone(() =>
      this.#database.listen(channel, (payload) => {
        if (live) heard(payload);
      }),
    );
    started.then(
      () => {
        if (live) heard(null);
      },
      () => {
        live = false;
      },
    );
    return {
      isLive: () => live,
      close: async () => {
        live = false;
        const stop = await started;
        if (!this.#closed) await this.#alone(stop);
      },
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#alone(() => this.#database.close());
    } finally {
      this.#lock.release();
    }
  }

  /** One after the other: a statement of nobody's transaction would be in that of another one. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** @param where the database, or the transaction that has it */
  #query<Row extends SqlRow>(
    where: Pick<PGlite, 'query'>,
    statement: string,
    parameters: readonly SqlValue[] | undefined,
  ): Promise<readonly Row[]> {
    return this.#telling(async () => {
      if (parameters !== undefined) return this.#statements.run<Row>(statement, parameters);
      return (await where.query<Row>(statement)).rows;
    });
  }

  async #telling<T>(action: () => Promise<T>): Promise<T> {
    // PGlite works in this thread, and its promises never let the event loop turn: no signal and no timer would come
    // between two statements.
    await setImmediate();
    if (this.#closed) throw closedHere(this.location);
    try {
      return await action();
    } catch (cause) {
      throw storeError(this.location, cause);
    }
  }
}
