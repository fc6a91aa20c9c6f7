import { timeOf } from '../../figures/paired-times.ts';
import type { SqlRow, SqlValue, Statements } from '../../store/sql.ts';
import type { IssuerStore } from '../issuer/store.ts';

type Verb = (store: IssuerStore, i: number) => Promise<unknown>;

interface Asked {
  readonly statement: string;
  readonly parameters: readonly SqlValue[] | undefined;
}

/**
 * Times a verb against its own statements alone: the same statements with values of the same kind in one transaction, and
 * nothing of the verb around them. Both take turns, so that whatever disturbs one disturbs the other.
 *
 * The statements are learned by running the verb in a transaction that is undone; those of the real half are run and undone
 * too, so that both find the tables in the same state.
 * @returns milliseconds of each run
 */
export async function bareAgainst(
  store: IssuerStore,
  count: number,
  { real, bare }: { readonly real: Verb; readonly bare: Verb },
  signal: AbortSignal,
): Promise<{ readonly real: readonly number[]; readonly bare: readonly number[] }> {
  const learned: (readonly Asked[])[] = [];
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    await statementsOf(store, (within) => real(within, i));
    learned.push(await statementsOf(store, (within) => bare(within, i)));
  }
  const times = { real: [] as number[], bare: [] as number[] };
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted();
    const turns = [
      async () => times.real.push(await timeOf(() => real(store, i))),
      async () => times.bare.push(await timeOf(() => run(store, learned[i] as readonly Asked[]))),
    ];
    if (i % 2 === 1) turns.reverse();
    for (const turn of turns) await turn();
  }
  return times;
}

async function run(store: IssuerStore, asked: readonly Asked[]): Promise<void> {
  await store.sql.transaction(async (statements) => {
    for (const { statement, parameters } of asked) await statements.query(statement, parameters);
  });
}

/** What a verb asks of the database; all of it is undone. */
async function statementsOf(
  store: IssuerStore,
  verb: (store: IssuerStore) => Promise<unknown>,
): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  const undo = new Error('undone');
  const { sql } = store;
  const learning: IssuerStore = {
    ...store,
    sql: {
      ...{ kind: sql.kind, location: sql.location, close: () => sql.close() },
      script: (statements) => sql.script(statements),
      query: (statement, parameters) => sql.query(statement, parameters),
      transaction: (work) =>
        sql.transaction(async (statements) => {
          const noting: Statements = {
            query<Row extends SqlRow>(statement: string, parameters?: readonly SqlValue[]) {
              asked.push({ statement, parameters });
              return statements.query<Row>(statement, parameters);
            },
          };
          await work(noting);
          throw undo;
        }),
    },
  };
  try {
    await verb(learning);
  } catch (error) {
    if (error !== undo) throw error;
  }
  return asked;
}
