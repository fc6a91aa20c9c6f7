import type { RunSummary } from '../api/run.ts';
import { RUN_COLUMNS } from './runs.ts';
import type { LabStore } from './store.ts';

/** Runs that a search answers. */
const FOUND = 200;
/** Runs with a reason whose reasons are read, from the newest on. */
const REASONS = 5000;

type Row = RunSummary & Record<string, never>;
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Runs whose campaign, subject, suite or bench holds the words, whose reason does (of the newest 5000 that have one), or whose
 * identifier they are; newest campaign first, at most 200. No question reads all runs: names are few and come from indexes.
 */
export async function searchRuns({ sql }: LabStore, words: string): Promise<readonly RunSummary[]> {
  if (RUN_ID.test(words)) return sql.query<Row>(`select ${RUN_COLUMNS} from lab_runs r where id = $1::uuid`, [words]);
  const pattern = `%${words.replace(/[\\%_]/g, '\\$&')}%`;
  const found = await Promise.all(
    [OF_CAMPAIGNS, OF_CELLS, OF_BENCHES].map((statement) => sql.query<Row>(statement, [pattern, FOUND])),
  );
  const reasons = await sql.query<Row>(OF_REASONS, [pattern, FOUND, REASONS]);
  const runs = new Map([...found, reasons].flat().map((run) => [run.id, run]));
  return [...runs.values()].sort((a, b) => b.campaign - a.campaign || a.number - b.number).slice(0, FOUND);
}

const OF_CAMPAIGNS = `
  select ${RUN_COLUMNS}
  from (select id from lab_campaigns where name ilike $1 order by id desc limit $2) c
    cross join lateral (select * from lab_runs where campaign_id = c.id order by number limit $2) r
  order by r.campaign_id desc, r.number limit $2`;

/** Each subject and each suite once, by steps through their indexes; then the newest cells, until they have runs enough. */
const OF_CELLS = `
  with recursive
    subjects as (
      (select subject as name from lab_cells order by subject limit 1)
      union all
      select (select subject from lab_cells where subject > s.name order by subject limit 1)
      from subjects s where s.name is not null),
    suites as (
      (select suite as name from lab_cells order by suite limit 1)
      union all
      select (select suite from lab_cells where suite > s.name order by suite limit 1)
      from suites s where s.name is not null),
    cells as (
      select c.* from subjects cross join lateral (
        select * from lab_cells where subject = name order by campaign_id desc limit $2) c where name ilike $1
      union
      select c.* from suites cross join lateral (
        select * from lab_cells where suite = name order by campaign_id desc limit $2) c where name ilike $1),
    newest as (
      select campaign_id, subject, suite, queued + running + passed + failed + error + cancelled as runs,
        sum(queued + running + passed + failed + error + cancelled)
          over (order by campaign_id desc, subject, suite) as up_to_here
      from cells)
  select ${RUN_COLUMNS}
  from newest n cross join lateral (
    select * from lab_runs
    where campaign_id = n.campaign_id and subject = n.subject and suite = n.suite order by number limit $2) r
  where up_to_here - runs < $2
  order by r.campaign_id desc, r.number limit $2`;

const OF_BENCHES = `
  select ${RUN_COLUMNS}
  from (select name from lab_benches where name ilike $1) b
    cross join lateral (select * from lab_runs where bench = b.name order by ended_at desc limit $2) r
  order by r.campaign_id desc, r.number limit $2`;

const OF_REASONS = `
  select ${RUN_COLUMNS}
  from (select * from lab_runs where reason <> '' order by campaign_id desc, number desc limit $3) r
  where r.reason ilike $1
  order by r.campaign_id desc, r.number limit $2`;
