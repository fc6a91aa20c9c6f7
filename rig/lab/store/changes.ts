import type { BenchChange, CampaignChange, RunProgress } from '../api/event.ts';
import type { RunSummary } from '../api/run.ts';
import { IS_ALIVE } from './benches.ts';
import { LEASE_SECONDS } from './leases.ts';
import { RUN_COLUMNS } from './runs.ts';
import type { LabStore } from './store.ts';

/** A run and when it was written last, by the database's clock. */
export interface ChangedRun {
  readonly run: RunSummary;
  readonly changedAt: number;
}

/** Runs that were written after a time, in that order. A transaction that is under way is not seen yet, whenever it wrote. */
export async function changedRuns(
  { sql }: LabStore,
  { since, campaign, most }: { readonly since: number; readonly campaign: number | null; readonly most: number },
): Promise<readonly ChangedRun[]> {
  const rows = await sql.query<RunSummary & { readonly changedAt: number } & Record<string, never>>(
    `select ${RUN_COLUMNS}, r.changed_at as "changedAt" from lab_runs r
     where r.changed_at > $1 and ($2::int8 is null or r.campaign_id = $2) order by r.changed_at, r.id limit $3`,
    [since, campaign, most],
  );
  return rows.map(({ changedAt, ...run }) => ({ run, changedAt }));
}

export async function storeNow({ sql }: LabStore): Promise<number> {
  const [row] = await sql.query<{ now: number }>('select lab_now() as now');
  return (row as { now: number }).now;
}

/** As many as the list of campaigns has. */
const LISTED = 200;

/** The newest campaigns. */
export function campaignChanges({ sql }: LabStore): Promise<readonly CampaignChange[]> {
  return sql.query<CampaignChange & Record<string, never>>(
    `select id as campaign, name, submitted_at as "submittedAt", ended_at as "endedAt" from lab_campaigns
     order by id desc limit $1`,
    [LISTED],
  );
}

const MOST_LEASES = 1000;

/** How far the runs are that benches have now. */
export function progressOfRuns({ sql }: LabStore): Promise<readonly RunProgress[]> {
  return sql.query<RunProgress & Record<string, never>>(
    `select r.campaign_id as campaign, l.run_id::text as run, l.attempt_id::text as attempt, l.done, l.total, l.note
     from lab_leases l join lab_runs r on r.id = l.run_id where l.total > 0 or l.note <> '' order by l.attempt_id limit $1`,
    [MOST_LEASES],
  );
}

/** A bench, and a text that is another one when what it has is. */
export interface SeenBench {
  readonly bench: BenchChange;
  readonly mark: string;
}

export async function benchStates({ sql }: LabStore): Promise<readonly SeenBench[]> {
  const rows = await sql.query<BenchChange & { readonly mark: string } & Record<string, never>>(
    `select name as bench, ${IS_ALIVE} as alive, quarantined,
       (select count(*) from lab_leases where bench = name) as running,
       md5(json_build_array(version, devices, spooled,
         (select string_agg(attempt_id::text, ',' order by attempt_id) from lab_leases where bench = name))::text) as mark
     from lab_benches order by name`,
    [LEASE_SECONDS * 1000],
  );
  return rows.map(({ mark, ...bench }) => ({ bench, mark }));
}
