import type { Check } from '../api/upkeep.ts';
import { QUEUE_SCHEMA } from './queue.ts';
import type { LabStore } from './store.ts';

/**
 * The query that shows that nothing is lost and nothing doubled. It reads the tables alone, in one statement, so that it
 * sees one moment. docs/lab.md shows it.
 */
export const CHECK_QUERY: string = `
  select 'lost' as kind, r.id::text as run
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
    where r.state = 'running' and not exists (select 1 from lab_leases l where l.run_id = r.id)`;

/** Asks the store whether every run is in one place and has at most one verdict. */
export async function checkStore(store: LabStore): Promise<Check> {
  const found = await store.sql.query<{ kind: 'lost' | 'doubled' | 'stranded'; run: string }>(CHECK_QUERY);
  const [counts] = await store.sql.query<{ runs: number; results: number }>(
    'select (select count(*) from lab_runs) as runs, (select count(*) from lab_results) as results',
  );
  const of = (kind: string): string[] => found.filter((each) => each.kind === kind).map(({ run }) => run);
  const { runs, results } = counts as { runs: number; results: number };
  return { runs, results, lost: of('lost'), doubled: of('doubled'), stranded: of('stranded') };
}
