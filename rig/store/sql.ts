/** What a parameter or a column may be. Numbers are whole up to 2^53 or floating; bytes go into and come from `bytea`. */
export type SqlValue = string | number | boolean | null | Uint8Array;

/** One row by the names of its columns; `json` and `jsonb` come as text unless the statement casts them. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** Where statements run: inside a transaction, or each in one of its own. */
export interface Statements {
  /**
   * Runs one statement.
   * @param parameters for `$1`, `$2`, …; a list goes in as JSON text and comes apart in SQL
   * @throws {StoreError} the database is busy, full, not reachable, or a constraint forbids it
   */
  query<Row extends SqlRow = SqlRow>(statement: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]>;
}

/** An ear at a channel of a database. */
export interface Listening {
  /** Whether what is told now is heard. */
  isLive(): boolean;
  close(): Promise<void>;
}

/**
 * One database, whichever it is: the same statements, and values of the same types, on PGlite and on PostgreSQL. `int8`
 * is a number, `bytea` a Uint8Array of its own, `json` text.
 */
export interface Sql extends Statements {
  readonly kind: 'pglite' | 'postgresql';
  /** Where it is, for sentences; never with a password. */
  readonly location: string;
  /**
   * Runs statements that happen together or not at all: what `work` throws undoes them. Transactions of one PGlite
   * follow each other, those of PostgreSQL run side by side at READ COMMITTED.
   * @param options `long`: its statements may take as long as they need
   * @throws {StoreError}; what `work` throws
   */
  transaction<T>(work: (statements: Statements) => Promise<T>, options?: { readonly long?: boolean }): Promise<T>;
  /** Runs a text of several statements, as a library brings it, in one transaction; it gives no rows. @throws {StoreError} */
  script(statements: string): Promise<void>;
  /** Ends it and gives the folder free. The second time it does nothing. */
  close(): Promise<void>;
}

/** A database that was opened here: it can be listened at. */
export interface OpenedSql extends Sql {
  /**
   * Hears what any connection to this database tells on a channel (`select pg_notify(channel, payload)`). A connection that
   * breaks, or cannot be made, is made again in a while: whoever listens must not depend on it.
   * @param channel small letters and `_`
   * @param heard gets a payload; null: a connection was made, and what was told before it was not heard
   */
  listen(channel: string, heard: (payload: string | null) => void): Listening;
}
