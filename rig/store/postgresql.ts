import type { Client, Pool, PoolClient } from 'pg';
import { ListeningConnection } from './listening-connection.ts';
import { wholeNumber } from './pglite.ts';
import type { Listening, OpenedSql, SqlRow, SqlValue, Statements } from './sql.ts';
import { StoreError, storeError } from './store-error.ts';

const INT8 = 20;
const BYTEA = 17;
const JSON_TYPE = 114;
const JSONB = 3802;

const CONNECTIONS = 8;
const CONNECT_MS = 10_000;
/** How long a statement waits for another transaction. */
const LOCK_MS = 5000;

/**
 * Connects to a PostgreSQL database. Passwords come from PGPASSWORD or the password file, as for psql.
 * @param url `postgresql://user@host:port/database`; `?host=/folder` for a socket
 * @throws {StoreError} a password in the URL, or no connection
 */
export async function openPostgresql(url: string): Promise<OpenedSql> {
  const location = withoutPassword(url);
  const { default: pg } = await import('pg');
  const types = {
    getTypeParser: (type: number, format?: 'text' | 'binary'): unknown => {
      if (type === INT8) return wholeNumber;
      if (type === JSON_TYPE || type === JSONB) return (text: string): string => text;
      const parse = pg.types.getTypeParser(type, format as 'text');
      // A Buffer may be a view of a larger one.
      return type === BYTEA ? (text: string): Uint8Array => new Uint8Array(parse(text) as unknown as Buffer) : parse;
    },
  };
  const connection = { connectionString: url, connectionTimeoutMillis: CONNECT_MS, application_name: 'vitap' };
  const pool = new pg.Pool({ ...connection, max: CONNECTIONS, lock_timeout: LOCK_MS, types: types as never });
  // An idle connection that breaks is replaced at the next statement, which tells if it cannot be.
  pool.on('error', () => {});
  const sql = new PostgresqlSql(location, pool, () => new pg.Client({ ...connection, keepAlive: true }));
  try {
    await sql.query('select 1');
    return sql;
  } catch (error) {
    await sql.close();
    throw error;
  }
}

/** A command line is readable for everybody on the machine, and ends in histories. @throws {StoreError} */
function withoutPassword(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new StoreError('denied', 'the URL of the database is none: postgresql://USER@HOST:PORT/DATABASE', { cause });
  }
  if (url.password !== '' || url.searchParams.has('password')) {
    throw new StoreError('denied', 'the URL of the database holds a password: put it into PGPASSWORD or ~/.pgpass');
  }
  return url.href;
}

class PostgresqlSql implements OpenedSql {
  readonly kind = 'postgresql';
  readonly location: string;
  readonly #pool: Pool;
  readonly #connect: () => Client;
  readonly #listening = new Set<Listening>();
  /** Statements by the name under which a connection has prepared them. */
  readonly #names = new Map<string, string>();
  #closed = false;

  constructor(location: string, pool: Pool, connect: () => Client) {
    this.location = location;
    this.#pool = pool;
    this.#connect = connect;
  }

  query<Row extends SqlRow>(statement: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#run<Row>(this.#pool, statement, parameters);
  }

  async script(statements: string): Promise<void> {
    // One message of the simple query protocol is one transaction.
    await this.query(statements);
  }

  async transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    let connection: PoolClient;
    try {
      connection = await this.#pool.connect();
    } catch (cause) {
      throw storeError(this.location, cause);
    }
    let broken = false;
    // Between two statements nobody else listens: without this a connection that breaks would end the process.
    const onError = (): void => {
      broken = true;
    };
    connection.on('error', onError);
    try {
      await this.#run(connection, 'begin');
      const result = await work({
        query: (statement, parameters) => this.#run(connection, statement, parameters),
      });
      await this.#run(connection, 'commit');
      return result;
    } catch (error) {
      try {
        await connection.query('rollback');
      } catch {
        // It rolls back by itself when the connection ends.
        broken = true;
      }
      throw error;
    } finally {
      connection.off('error', onError);
      connection.release(broken);
    }
  }

  listen(channel: string, heard: (payload: string | null) => void): Listening {
    const listening = new ListeningConnection(this.#connect, channel, heard);
    this.#listening.add(listening);
    return listening;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#listening].map((each) => each.close()));
    await this.#pool.end();
  }

  async #run<Row extends SqlRow>(
    where: Pick<Pool | PoolClient, 'query'>,
    text: string,
    parameters?: readonly SqlValue[],
  ): Promise<readonly Row[]> {
    try {
      if (parameters === undefined) return (await where.query(text)).rows as Row[];
      const values = parameters.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
      return (await where.query({ name: this.#nameOf(text), text, values })).rows as Row[];
    } catch (cause) {
      throw storeError(this.location, cause);
    }
  }

  #nameOf(text: string): string {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const name = `vitap_${this.#names.size + 1}`;
    this.#names.set(text, name);
    return name;
  }
}
