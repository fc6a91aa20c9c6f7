import type { Socket } from 'node:net';
import type { Client, ClientConfig, Pool, PoolClient } from 'pg';
import { atMost } from './at-most.ts';
import { type DatabaseHosts, databaseHosts } from './database-hosts.ts';
import { ListeningConnection } from './listening-connection.ts';
import { wholeNumber } from './pglite.ts';
import type { Listening, OpenedSql, SqlRow, SqlValue, Statements } from './sql.ts';
import { closedHere, StoreError, storeError } from './store-error.ts';

const INT8 = 20;
const BYTEA = 17;
const JSON_TYPE = 114;
const JSONB = 3802;

const CONNECTIONS = 8;
const CONNECT_MS = 10_000;
/** How long a statement waits for another transaction. */
const LOCK_MS = 5000;
/** Compiling a statement that is large and reads little took 0.8 s, and reading 1 ms. Options in the URL replace this. */
const SETTINGS = '-c jit=off';
/** For an answer: a database whose machine has vanished gives none, and holds its connections until then. */
const ANSWER_MS = 60_000;
/** For the statements that are under way when it is closed. */
const CLOSE_MS = 500;

/**
 * Connects to a PostgreSQL database. Passwords come from PGPASSWORD or the password file, as for psql.
 * @param url `postgresql://user@host:port/database`; `?host=/folder` for a socket. Of several hosts (`one:5432,two:5432`) the
 * first that takes changes is used, and another one when it does not any more
 * @throws {StoreError} a password in the URL, or no connection
 */
export async function openPostgresql(url: string): Promise<OpenedSql> {
  const hosts = databaseHosts(url);
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
  /** A connection to the host that is current when it is made. */
  class OneHost extends pg.Client {
    readonly url: string;

    constructor(config: ClientConfig) {
      super({ ...config, connectionString: hosts.current });
      this.url = hosts.current;
    }
  }
  const options = `${SETTINGS} ${process.env.PGOPTIONS ?? ''}`.trim();
  const connection = { connectionTimeoutMillis: CONNECT_MS, application_name: 'vitap', keepAlive: true, options };
  const pool = new pg.Pool({
    ...connection,
    Client: OneHost as never,
    max: CONNECTIONS,
    lock_timeout: LOCK_MS,
    types: types as never,
    ...(hosts.count > 1 && { verify: refuseStandby }),
  });
  // An idle connection that breaks is replaced at the next statement, which tells if it cannot be.
  pool.on('error', () => {});
  const sql = new PostgresqlSql(url, pool, hosts, () => new OneHost(connection));
  try {
    await sql.query('select 1');
    return sql;
  } catch (error) {
    await sql.close();
    throw error;
  }
}

/** Of several hosts, one that follows another takes no changes. */
function refuseStandby(client: PoolClient, done: (error?: Error) => void): void {
  client
    .query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
    .then(
      ({ rows }) =>
        done(rows[0]?.standby === true ? Object.assign(new Error('a standby'), { code: '25006' }) : undefined),
      done,
    );
}

class PostgresqlSql implements OpenedSql {
  readonly kind = 'postgresql';
  readonly location: string;
  readonly #pool: Pool;
  readonly #hosts: DatabaseHosts;
  readonly #newClient: () => Client;
  readonly #listening = new Set<Listening>();
  /** Connections that work. */
  readonly #used = new Set<PoolClient>();
  /** Statements by the name under which a connection has prepared them. */
  readonly #names = new Map<string, string>();
  #closed = false;

  constructor(location: string, pool: Pool, hosts: DatabaseHosts, newClient: () => Client) {
    this.location = location;
    this.#pool = pool;
    this.#hosts = hosts;
    this.#newClient = newClient;
  }

  query<Row extends SqlRow>(statement: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#connected((connection) => this.#run<Row>(connection, statement, parameters, ANSWER_MS));
  }

  async script(statements: string): Promise<void> {
    // One message of the simple query protocol is one transaction.
    await this.#connected((connection) => this.#run(connection, statements, undefined, 0));
  }

  transaction<T>(work: (statements: Statements) => Promise<T>, { long = false } = {}): Promise<T> {
    const answerMs = long ? 0 : ANSWER_MS;
    return this.#connected(async (connection, broke) => {
      await this.#run(connection, 'begin', undefined, answerMs);
      try {
        const result = await work({
          query: (statement, parameters) => this.#run(connection, statement, parameters, answerMs),
        });
        await this.#run(connection, 'commit', undefined, answerMs);
        return result;
      } catch (error) {
        // Where that fails too, it is rolled back by itself with the end of the connection.
        if (!isLost(error)) await this.#run(connection, 'rollback', undefined, answerMs).catch(broke);
        throw error;
      }
    });
  }

  /** Works with a connection of its own, which is not used again when it broke or leads to where nothing is written. */
  async #connected<T>(work: (connection: PoolClient, broke: () => void) => Promise<T>): Promise<T> {
    const connection = await this.#connect();
    let broken = false;
    const broke = (): void => {
      broken = true;
    };
    // Between two statements nobody else listens: without this a connection that breaks would end the process.
    connection.on('error', broke);
    this.#used.add(connection);
    try {
      return await work(connection, broke);
    } catch (error) {
      broken ||= isLost(error);
      throw error;
    } finally {
      connection.off('error', broke);
      this.#used.delete(connection);
      if (broken) this.#hosts.leave(urlOf(connection));
      connection.release(broken);
    }
  }

  /** @throws {StoreError} none of the hosts gives one */
  async #connect(): Promise<PoolClient> {
    for (let left = this.#hosts.count; ; left--) {
      if (this.#closed) throw closedHere(this.location);
      const asked = this.#hosts.current;
      try {
        return await this.#pool.connect();
      } catch (cause) {
        const told = storeError(this.location, cause);
        if (left === 1 || !isLost(told)) throw told;
        this.#hosts.leave(asked);
      }
    }
  }

  listen(channel: string, heard: (payload: string | null) => void): Listening {
    const listening = new ListeningConnection(this.#newClient, channel, heard);
    this.#listening.add(listening);
    return listening;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#listening].map((each) => each.close()));
    const ended = this.#pool.end();
    await atMost(CLOSE_MS, ended);
    // A database that hangs would hold them for as long as it has to answer.
    for (const connection of this.#used) cut(connection);
    await atMost(CLOSE_MS, ended);
  }

  /** @param answerMs 0: as long as it takes */
  async #run<Row extends SqlRow>(
    connection: PoolClient,
    text: string,
    parameters: readonly SqlValue[] | undefined,
    answerMs: number,
  ): Promise<readonly Row[]> {
    const limit = answerMs === 0 ? {} : { query_timeout: answerMs };
    try {
      if (parameters === undefined) return (await connection.query({ text, ...limit })).rows as Row[];
      const values = parameters.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
      return (await connection.query({ name: this.#nameOf(text), text, values, ...limit })).rows as Row[];
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

/** Its statement fails as that of any connection that broke. */
function cut(connection: PoolClient): void {
  (connection as PoolClient & { readonly connection: { readonly stream: Socket } }).connection.stream.destroy();
}

function isLost(error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'unreachable';
}

/** As the class of its connections keeps it. */
function urlOf(connection: PoolClient): string {
  return (connection as PoolClient & { readonly url: string }).url;
}
