import { type Check, MOST_NAMED } from '../api/upkeep.ts';
import { COUNT_COLUMNS } from './counts.ts';
import { QUEUE_SCHEMA } from './queue.ts';
import type { LabStore } from './store.ts';

/**
 * The query that shows that nothing is lost and nothing doubled. It reads the tables alone, in one statement, so that it
 * sees one moment. docs/lab.md shows it.
 */
export const CHECK_QUERY: string = `
  select 'lost' as kind, r.id::text as found
    from lab_runs r left join lab_results s on s.run_id = r.id
    where (r.state in ('passed', 'failed', 'error', 'cancelled')) <> (s.run_id is not null)
      or s.verdict <> r.state
  union all
  select 'doubled', run_id::text from lab_attempts where state = 'finished' group by run_id having count(*) > 1
  union all
  select 'doubled', run_id::text from lab_leases group by run_id having count(*) > 1
  union all
  select 'doubled', min(run_id::text) from lab_leases group by bench, device having count(*) > 1
  union all
  select 'doubled', l.run_id::text from lab_leases l join lab_results s on s.run_id = l.run_id
  union all
  select 'stranded', r.id::text from lab_runs r
    where r.state = 'queued' and not exists (
      select 1 from ${QUEUE_SCHEMA}.job j
      where j.name = 'lab-' || r.requirement_id and j.id = r.id and j.state in ('created', 'retry'))
  union all
  select 'stranded', r.id::text from lab_runs r
    where r.state = 'running' and not exists (select 1 from lab_leases l where l.run_id = r.id)
  union all
  select distinct 'miscounted', coalesce(c.campaign_id, r.campaign_id)::text
    from (
      select campaign_id, subject, suite, sum(queued) as queued, sum(running) as running, sum(passed) as passed,
        sum(failed) as failed, sum(error) as error, sum(cancelled) as cancelled, sum(retries) as retries
      from (
        select campaign_id, subject, suite, ${COUNT_COLUMNS} from lab_cells
        union all select campaign_id, subject, suite, ${COUNT_COLUMNS} from lab_cell_changes) counts
      group by campaign_id, subject, suite) c
    full join (
      select campaign_id, subject, suite, count(*) filter (where state = 'queued') as queued,
        count(*) filter (where state = 'running') as running, count(*) filter (where state = 'passed') as passed,
        count(*) filter (where state = 'failed') as failed, count(*) filter (where state = 'error') as error,
        count(*) filter (where state = 'cancelled') as cancelled, sum(greatest(attempts - 1, 0)) as retries
      from lab_runs group by campaign_id, subject, suite) r
    using (campaign_id, subject, suite)
    where (c.queued, c.running, c.passed, c.failed, c.error, c.cancelled, c.retries)
      is distinct from (r.queued, r.running, r.passed, r.failed, r.error, r.cancelled, r.retries)`;

/** Asks the store whether every run is in one place and has at most one verdict. Of each kind it names 1000 at most. */
export async function checkStore(store: Pick<LabStore, 'sql'>): Promise<Check> {
  const rows = await store.sql.query<{ kind: keyof Check; found: string }>(
    `select kind, found from (
       select *, row_number() over (partition by kind order by found) as place from (${CHECK_QUERY}) all_found) numbered
     where place <= $1`,
    [MOST_NAMED],
  );
  const [counts] = await store.sql.query<{ runs: number; results: number }>(
    'select (select count(*) from lab_runs) as runs, (select count(*) from lab_results) as results',
  );
  const of = (kind: keyof Check): string[] => rows.filter((each) => each.kind === kind).map(({ found }) => found);
  const { runs, results } = counts as { runs: number; results: number };
  return {
    ...{ runs, results, lost: of('lost'), doubled: of('doubled'), stranded: of('stranded') },
    miscounted: of('miscounted').map(Number),
  };
}
