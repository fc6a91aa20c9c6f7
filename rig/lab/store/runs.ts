import type { Requirement } from '../api/capability.ts';
import type { AttemptSummary, ResultPage, RunDetail, RunPage, RunState, RunSummary } from '../api/run.ts';
import { statementOf } from './record.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

export const RUN_COLUMNS: string = `r.id::text, r.campaign_id as campaign, r.number, r.subject, r.suite, r.repetition, r.state, r.attempts,
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
  const { campaign, state = null, subject = null, suite = null, after = 0 } = filter;
  const rows = await store.sql.query<RunSummary & Record<string, never>>(
    `select ${RUN_COLUMNS} from lab_runs r
     where campaign_id = $1 and number > $2 and ($3::text is null or state = $3)
       and ($4::text is null or subject = $4) and ($5::text is null or suite = $5)
     order by number limit $6`,
    [campaign, after, state, subject, suite, PAGE + 1],
  );
  const runs = rows.slice(0, PAGE);
  return { runs, after: rows.length > PAGE ? (runs.at(-1)?.number ?? null) : null };
}

/** Runs whose campaign, subject, suite, bench, card or board holds the words; newest first, at most 200. */
export async function searchRuns(store: LabStore, words: string): Promise<readonly RunSummary[]> {
  const pattern = `%${words.replace(/[\\%_]/g, '\\$&')}%`;
  return store.sql.query<RunSummary & Record<string, never>>(
    `select ${RUN_COLUMNS} from lab_runs r join lab_campaigns c on c.id = r.campaign_id
     where c.name ilike $1 or r.subject ilike $1 or r.suite ilike $1 or r.bench ilike $1 or r.reason ilike $1
       or r.id::text = $2
     order by r.campaign_id desc, r.number limit $3`,
    [pattern, words, PAGE],
  );
}

/** Results weigh more than runs. */
const RESULTS_PAGE = 50;

/** Runs with their attempts and what their benches signed, 50 at a time. @throws {LabRefusal} */
export async function listResults(store: LabStore, campaign: number, after: number): Promise<ResultPage> {
  const rows = await store.sql.query<RunSummary & { readonly jws: string | null } & Record<string, never>>(
    `select ${RUN_COLUMNS}, s.jws from lab_runs r left join lab_results s on s.run_id = r.id
     where campaign_id = $1 and number > $2 order by number limit $3`,
    [campaign, after, RESULTS_PAGE + 1],
  );
  const page = rows.slice(0, RESULTS_PAGE);
  const attempts = await store.sql.query<AttemptSummary & { readonly run: string } & Record<string, never>>(
    `select run_id::text as run, ${ATTEMPT_COLUMNS} from lab_attempts
     where run_id in (select value::uuid from json_array_elements_text($1::json)) order by number`,
    [JSON.stringify(page.map(({ id }) => id))],
  );
  return {
    results: page.map(({ jws, ...run }) => ({ run, jws, attempts: attempts.filter((each) => each.run === run.id) })),
    after: rows.length > RESULTS_PAGE ? (page.at(-1)?.number ?? null) : null,
  };
}

type DetailRow = { readonly requirement: string; readonly jws: string | null; readonly progress: string | null };

/** @throws {LabRefusal} `run-unknown` */
export async function runDetail(store: LabStore, id: string): Promise<RunDetail> {
  const [run] = await store.sql.query<RunSummary & Record<string, never>>(
    `select ${RUN_COLUMNS} from lab_runs r where r.id = $1::uuid`,
    [id],
  );
  if (run === undefined) throw new LabRefusal('run-unknown');
  const [more] = await store.sql.query<DetailRow>(
    `select q.body as requirement, s.jws,
       case when l.total > 0 then json_build_object('done', l.done, 'total', l.total, 'note', l.note) end as progress
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
