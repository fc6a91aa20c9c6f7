import type { Statements } from '../../store/sql.ts';
import type { LabStore } from './store.ts';

/** Columns of counts, as the tables of cells, of totals and of changes have them. */
const COLUMNS = ['queued', 'running', 'passed', 'failed', 'error', 'cancelled', 'retries'] as const;
export const COUNT_COLUMNS: string = COLUMNS.join(', ');
/** The same, summed up. */
export const COUNT_SUMS: string = COLUMNS.map((name) => `coalesce(sum(${name}), 0)::int8 as ${name}`).join(', ');

export type CountRow = { readonly [Name in (typeof COLUMNS)[number]]: number };

/** Changes that are added up in one transaction. */
const BATCH = 5000;
/** Any number of our own: one server at a time adds up. */
const ADDING_UP = 0x6c616263;

/**
 * Adds what has changed to the counts of cells and campaigns. Whoever reads counts takes both, so this may come late.
 * @returns changes that were added up; 0 when another server is at it
 */
export async function addUpCounts(store: LabStore): Promise<number> {
  let all = 0;
  for (let some = BATCH; some === BATCH; all += some) some = await store.sql.transaction(addUp);
  return all;
}

async function addUp(within: Statements): Promise<number> {
  const [turn] = await within.query<{ ours: boolean }>('select pg_try_advisory_xact_lock($1::int8) as ours', [
    ADDING_UP,
  ]);
  if (turn?.ours !== true) return 0;
  // As an insert, which goes by the index whatever the database thinks how many changes there are.
  const added = (table: string): string =>
    `do update set ${COLUMNS.map((name) => `${name} = ${table}.${name} + excluded.${name}`).join(', ')}`;
  const [row] = await within.query<{ changes: number }>(
    `with gone as (
       delete from lab_cell_changes where (campaign_id, id) in (
         select campaign_id, id from lab_cell_changes limit $1)
       returning campaign_id, subject, suite, ${COUNT_COLUMNS}),
     cells as (
       insert into lab_cells (campaign_id, subject, suite, ${COUNT_COLUMNS})
       select campaign_id, subject, suite, ${COUNT_SUMS} from gone group by campaign_id, subject, suite
       on conflict (campaign_id, subject, suite) ${added('lab_cells')}),
     totals as (
       insert into lab_totals (campaign_id, ${COUNT_COLUMNS})
       select campaign_id, ${COUNT_SUMS} from gone group by campaign_id
       on conflict (campaign_id) ${added('lab_totals')})
     select count(*) as changes from gone`,
    [BATCH],
  );
  return row?.changes ?? 0;
}
