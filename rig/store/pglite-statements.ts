import type * as pglite from '@electric-sql/pglite';
import type { SqlRow, SqlValue } from './sql.ts';

type Message = Awaited<ReturnType<pglite.PGlite['execProtocolStream']>>[number];

/** A statement that the database has read and keeps under a name. */
interface Prepared {
  readonly name: string;
  /** Types of its parameters, and what its rows look like: messages of the protocol, as they came. */
  readonly parameters: readonly number[];
  readonly described: readonly Message[];
}

/**
 * Statements with parameters, each read by the database once and bound again and again, as the driver of PostgreSQL has
 * them: PGlite's own `query` reads, analyses and plans its text each time, in six calls where this needs one.
 *
 * A caller sees to it that statements follow each other, and that none comes after the end of the database.
 */
export class PreparedStatements {
  readonly #database: pglite.PGlite;
  readonly #library: typeof pglite;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: pglite.PGlite, library: typeof pglite) {
    this.#database = database;
    this.#library = library;
  }

  /** Rows of one statement. @throws as PGlite's `query` */
  async run<Row extends SqlRow>(text: string, values: readonly SqlValue[]): Promise<readonly Row[]> {
    const { serialize } = this.#library.protocol;
    const { name, parameters, described } = this.#prepared.get(text) ?? (await this.#prepare(text));
    const bound = values.map((value, i) => this.#bound(value, parameters[i]));
    const answer = await this.#send(
      serialize.bind({ statement: name, values: bound }),
      serialize.execute(),
      serialize.sync(),
    );
    const [result] = this.#library.parse.parseResults([...described, ...answer], this.#database.parsers);
    return (result?.rows ?? []) as Row[];
  }

  async #prepare(text: string): Promise<Prepared> {
    const { serialize } = this.#library.protocol;
    const name = `vitap_${this.#prepared.size + 1}`;
    const answer = await this.#send(
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    );
    const prepared: Prepared = {
      name,
      parameters: this.#library.parse.parseDescribeStatementResults(answer),
      described: answer.filter((message) => message.name === 'rowDescription'),
    };
    this.#prepared.set(text, prepared);
    return prepared;
  }

  #bound(value: SqlValue | undefined, type: number | undefined): string | null {
    if (value === null || value === undefined) return null;
    const serializer = type === undefined ? undefined : this.#database.serializers[type];
    return serializer === undefined ? String(value) : (serializer(value) as string);
  }

  /** After an error the database leaves out what follows, up to the `sync`. */
  #send(...messages: readonly Uint8Array[]): Promise<Message[]> {
    return this.#database.execProtocolStream(Buffer.concat(messages));
  }
}
