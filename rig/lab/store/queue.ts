import PgBoss from 'pg-boss';
import type { Sql, SqlRow, SqlValue, Statements } from '../../store/sql.ts';

/** Of the tables that pg-boss makes and keeps. */
export const QUEUE_SCHEMA = 'lab_queue';

/**
 * The queue of runs: pg-boss, on the same database and in the same transactions as our tables. It has one queue for each
 * requirement, and a job for each run, with the run's identifier; a job is `active` while a bench has the run. pg-boss
 * orders them, hands each to one asker, counts tries and archives; it knows no heartbeat and no bench.
 */
export interface RunQueue {
  /** Makes the queue of a requirement where it is not there yet. */
  prepare(requirement: number, within: Statements): Promise<void>;
  send(jobs: readonly { run: string; requirement: number }[], attempts: number, within: Statements): Promise<void>;
  /**
   * Takes statistics of what waits for these requirements. Without them the database sorts all that wait at each fetch: it
   * does not know how many they are.
   */
  analyze(requirements: readonly number[], within: Statements): Promise<void>;
  /**
   * pg-boss's own statement that makes the oldest job of a requirement active, past those that another transaction is
   * taking, and gives its `id`, or no row: for a `with` of ours, so that both change in one statement. Its parameters are
   * `$1` and `$2`.
   */
  readonly fetching: {
    readonly statement: string;
    parameters(requirement: number): readonly [name: SqlValue, most: SqlValue];
  };
  /** Puts it back, unless it has no try left. */
  giveBack(requirement: number, run: string, within: Statements): Promise<void>;
  cancel(requirement: number, runs: readonly string[], within: Statements): Promise<void>;
  /** Ends its maintenance; the database stays open. */
  close(): Promise<void>;
}

/** Leases end a run long before; 24 is what pg-boss allows less than. */
const LONGEST_JOB_HOURS = 23;
/** A run may wait for a bench that is bought first. */
const LONGEST_WAIT_DAYS = 3650;

/** @param fault gets what goes wrong in pg-boss's own maintenance, which tries again later */
export async function openQueue(sql: Sql, fault: (error: unknown) => void): Promise<RunQueue> {
  const boss = new PgBoss({
    db: database(sql),
    schema: QUEUE_SCHEMA,
    schedule: false,
    expireInHours: LONGEST_JOB_HOURS,
    retentionDays: LONGEST_WAIT_DAYS,
    archiveCompletedAfterSeconds: 3600,
    deleteAfterDays: 1,
  });
  let closed = false;
  boss.on('error', (error) => {
    // Maintenance that is cut by the end of this server is done by the next one.
    if (!closed) fault(error);
  });
  await boss.start();
  // pg-boss sorts all jobs that wait at each fetch; with this index, and statistics, it reads the first one.
  await sql.query(
    `create index if not exists lab_job_order on ${QUEUE_SCHEMA}.job (name, created_on, id) where state < 'active'`,
  );
  return {
    async prepare(requirement, within) {
      const options = JSON.stringify({ policy: 'standard' });
      await within.query(`select ${QUEUE_SCHEMA}.create_queue($1, $2)::text`, [queueName(requirement), options]);
    },
    async send(jobs, attempts, within) {
      const rows = jobs.map(({ run, requirement }) => ({
        id: run,
        name: queueName(requirement),
        retryLimit: attempts - 1,
      }));
      await boss.insert(rows, { db: database(within) } as never);
    },
    async analyze(requirements, within) {
      const tables = await within.query<{ name: string }>(
        `select partition_name as name from ${QUEUE_SCHEMA}.queue
         where name in (select json_array_elements_text($1::json))`,
        [JSON.stringify([...new Set(requirements)].map(queueName))],
      );
      for (const { name } of tables) await within.query(`analyze ${QUEUE_SCHEMA}.${name}`);
    },
    fetching: await fetchingOf(boss),
    async giveBack(requirement, run, within) {
      await boss.fail(queueName(requirement), run, {}, { db: database(within) });
    },
    async cancel(requirement, runs, within) {
      await boss.cancel(queueName(requirement), [...runs], { db: database(within) });
    },
    close: () => {
      closed = true;
      return boss.stop({ graceful: false, close: false });
    },
  };
}

/**
 * What pg-boss's `complete` does, for a `with` of ours: a job ends in the statement that ends the lease, and with it alone.
 * @param name SQL that gives the name of its queue
 * @param runs SQL that gives its run, or no row
 */
export function completing(name: string, runs: string): string {
  return `update ${QUEUE_SCHEMA}.job set state = 'completed', completed_on = now(), output = '{}'
    where name = ${name} and id in (${runs}) and state = 'active'`;
}

/** What pg-boss would ask. */
async function fetchingOf(boss: PgBoss): Promise<RunQueue['fetching']> {
  let statement = '';
  const db = {
    executeSql: async (text: string): Promise<{ rows: SqlRow[] }> => {
      statement = text;
      return { rows: [] };
    },
  };
  await boss.fetch(queueName(0), { priority: false, db } as never);
  return { statement, parameters: (requirement) => [queueName(requirement), 1] };
}

export function queueName(requirement: number): string {
  return `lab-${requirement}`;
}

/** The database as pg-boss asks it: a text of several statements comes with its own `begin`, values may be anything. */
function database(statements: Statements | Sql): {
  executeSql(text: string, values?: readonly unknown[]): Promise<{ rows: SqlRow[] }>;
} {
  return {
    async executeSql(text, values) {
      if (values !== undefined) return { rows: [...(await statements.query(text, values.map(parameter)))] };
      if (!('script' in statements) || !/^\s*BEGIN;/.test(text)) return { rows: [...(await statements.query(text))] };
      await statements.script(text.replace(/^\s*BEGIN;/, '').replace(/COMMIT;\s*$/, ''));
      return { rows: [] };
    },
  };
}

/** A list stays one: both databases take it for an array. */
function parameter(value: unknown): SqlValue {
  if (value === undefined) return null;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return (isObject ? JSON.stringify(value) : value) as SqlValue;
}
