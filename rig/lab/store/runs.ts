import type { Requirement } from '../api/capability.ts';
import type { AttemptSummary, ResultPage, RunDetail, RunPage, RunState, RunSummary } from '../api/run.ts';
import { statementOf } from './record.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

/** A run `r` as a summary. */
export const RUN_COLUMNS = `r.id::text, r.campaign_id as campaign, r.number, r.subject, r.suite, r.repetition, r.state, r.attempts,
  r.bench, r.device, r.backend, r.ended_at as "endedAt", r.reason`;
const ATTEMPT_COLUMNS =
  'id::text, number, bench, device, state, started_at as "startedAt", ended_at as "endedAt", reason';
/** Runs on one page. */
const PAGE = 200;

export interface RunFilter {
  readonly campaign: number;
  readonly state?: RunState | undefined;
  readonly subject?: string | undefined;
  readonly suite?: string | undefined;
  readonly after?: number | undefined;
}

/** In the order of their numbers, 200 at a time. */
export async function listRuns(store: LabStore, filter: RunFilter): Promise<RunPage> {
  const { campaign, state, subject, suite, after = 0 } = filter;
  const wanted = Object.entries({ state, subject, suite }).filter(([, value]) => value !== undefined);
  // A statement for each set of filters: one for all could use the index of none.
  const where = wanted.map(([column], place) => `and ${column} = $${place + 4}`).join(' ');
  const rows = await store.sql.query<RunSummary & Record<string, never>>(
    `select ${RUN_COLUMNS} from lab_runs r where campaign_id = $1 and number > $2 ${where} order by number limit $3`,
    [campaign, after, PAGE + 1, ...wanted.map(([, value]) => value as string)],
  );
  const runs = rows.slice(0, PAGE);
  return { runs, after: rows.length > PAGE ? (runs.at(-1)?.number ?? null) : null };
}

/** Results weigh more than runs: so many on a page, and not more than so many bytes unless it is one. */
const RESULTS_PAGE = 50;
const RESULTS_BYTES = 8_388_608;

/** Runs with their attempts and what their benches signed, 50 at a time. @throws {LabRefusal} */
export async function listResults(store: LabStore, campaign: number, after: number): Promise<ResultPage> {
  const page = await store.sql.query<RunSummary & ResultRow>(
    `with page as (
       select r.*, s.jws, coalesce(octet_length(s.jws), 0) as bytes
       from lab_runs r left join lab_results s on s.run_id = r.id
       where campaign_id = $1 and number > $2 order by number limit $3),
     weighed as (
       select *, sum(bytes) over (order by number) as weight, max(number) over () as last from page)
     select ${RUN_COLUMNS}, r.jws, r.last from weighed r where weight <= $4 or weight = bytes order by number`,
    [campaign, after, RESULTS_PAGE, RESULTS_BYTES],
  );
  const attempts = await store.sql.query<AttemptSummary & { readonly run: string } & Record<string, never>>(
    `select run_id::text as run, ${ATTEMPT_COLUMNS} from lab_attempts
     where run_id = any (array(select value::uuid from json_array_elements_text($1::json))) order by number`,
    [JSON.stringify(page.map(({ id }) => id))],
  );
  const end = page.at(-1);
  const isWhole = end === undefined || (page.length < RESULTS_PAGE && end.number === end.last);
  return {
    results: page.map(({ jws, last, ...run }) => ({
      run,
      jws,
      attempts: attempts.filter((each) => each.run === run.id),
    })),
    after: isWhole ? null : end.number,
  };
}

type ResultRow = { readonly jws: string | null; readonly last: number } & Record<string, never>;
type DetailRow = { readonly requirement: string; readonly jws: string | null; readonly progress: string | null };

/** @throws {LabRefusal} `run-unknown` */
export async function runDetail(store: LabStore, id: string): Promise<RunDetail> {
  const [run] = await store.sql.query<RunSummary & Record<string, never>>(
    `select ${RUN_COLUMNS} from lab_runs r where r.id = $1::uuid`,
    [id],
  );
  if (run === undefined) throw new LabRefusal('run-unknown', id);
  const [more] = await store.sql.query<DetailRow>(
    `select q.body as requirement, s.jws,
       case when l.total > 0 or l.note <> '' then json_build_object('done', l.done, 'total', l.total, 'note', l.note) end as progress
     from lab_runs r join lab_requirements q on q.id = r.requirement_id
       left join lab_results s on s.run_id = r.id left join lab_leases l on l.run_id = r.id
     where r.id = $1::uuid`,
    [id],
  );
  const { requirement, jws, progress } = more as DetailRow;
  const attempts = await store.sql.query<AttemptSummary & Record<string, never>>(
    `select ${ATTEMPT_COLUMNS} from lab_attempts where run_id = $1::uuid order by number`,
    [id],
  );
  return {
    ...{ run, attempts, jws, requirement: JSON.parse(requirement) as Requirement },
    progress: progress === null ? null : (JSON.parse(progress) as RunDetail['progress']),
    statement: jws === null ? null : statementOf(jws),
  };
}

/** Says how far a run is. @throws {LabRefusal} `attempt-over` */
export async function noteProgress(
  store: LabStore,
  attempt: string,
  { bench, done, total, note }: { bench: string; done: number; total: number; note: string },
): Promise<void> {
  const rows = await store.sql.query(
    `update lab_leases set done = $3, total = $4, note = $5 where attempt_id = $1::uuid and bench = $2 returning run_id`,
    [attempt, bench, done, total, note],
  );
  if (rows.length === 0) throw new LabRefusal('attempt-over');
}
