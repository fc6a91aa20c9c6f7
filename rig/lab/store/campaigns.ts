import type { CampaignSummary, Cell, Counts, Matrix } from '../api/campaign.ts';
import type { RunState } from '../api/run.ts';
import { endWithoutBench } from './leases.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

type CampaignRow = {
  readonly id: number;
  readonly name: string;
  readonly submitted_at: number;
  readonly ended_at: number | null;
  readonly counts: string | null;
};
type CellRow = {
  readonly subject: string;
  readonly suite: string;
  readonly state: RunState;
  readonly runs: number;
  readonly tries: number;
};
/** What is kept of a campaign that has ended, so that a list of many reads one row of each. */
type KeptCounts = { readonly counts: Counts; readonly retries: number };

const COLUMNS = 'id, name, submitted_at, ended_at, counts';
const LISTED = 200;

/** Newest first, at most 200. */
export async function listCampaigns(store: LabStore): Promise<readonly CampaignSummary[]> {
  const rows = await store.sql.query<CampaignRow>(`select ${COLUMNS} from lab_campaigns order by id desc limit $1`, [
    LISTED,
  ]);
  return Promise.all(rows.map((row) => summary(store, row)));
}

async function summary(store: LabStore, row: CampaignRow): Promise<CampaignSummary> {
  const kept = row.counts === null ? null : (JSON.parse(row.counts) as KeptCounts);
  const { counts, retries } = kept ?? totals(await cellRows(store, row.id));
  return { ...{ id: row.id, name: row.name, submittedAt: row.submitted_at, endedAt: row.ended_at }, counts, retries };
}

function cellRows(store: LabStore, campaign: number): Promise<readonly CellRow[]> {
  return store.sql.query<CellRow>(
    `select subject, suite, state, count(*) as runs, coalesce(sum(greatest(attempts - 1, 0)), 0)::int8 as tries
     from lab_runs where campaign_id = $1 group by subject, suite, state order by subject, suite`,
    [campaign],
  );
}

function noCounts(): { -readonly [State in keyof Counts]: number } {
  return { queued: 0, running: 0, passed: 0, failed: 0, error: 0, cancelled: 0 };
}

function totals(rows: readonly CellRow[]): KeptCounts {
  const counts = noCounts();
  for (const { state, runs } of rows) counts[state] += runs;
  return { counts, retries: rows.reduce((sum, { tries }) => sum + tries, 0) };
}

/** @throws {LabRefusal} `campaign-unknown` */
export async function campaignMatrix(store: LabStore, id: number): Promise<Matrix> {
  const row = await campaignRow(store, id);
  const rows = await cellRows(store, id);
  const cells = new Map<string, { -readonly [Key in keyof Cell]: Cell[Key] }>();
  for (const { subject, suite, state, runs } of rows) {
    const key = JSON.stringify([subject, suite]);
    const cell = cells.get(key) ?? { subject, suite, ...noCounts() };
    cell[state] += runs;
    cells.set(key, cell);
  }
  const all = [...cells.values()];
  return {
    campaign: {
      ...{ id: row.id, name: row.name, submittedAt: row.submitted_at, endedAt: row.ended_at },
      ...totals(rows),
    },
    subjects: [...new Set(all.map(({ subject }) => subject))],
    suites: [...new Set(all.map(({ suite }) => suite))].sort(),
    cells: all,
  };
}

async function campaignRow(store: LabStore, id: number): Promise<CampaignRow> {
  const [row] = await store.sql.query<CampaignRow>(`select ${COLUMNS} from lab_campaigns where id = $1`, [id]);
  if (row === undefined) throw new LabRefusal('campaign-unknown');
  return row;
}

/** Ends what waits and what runs; verdicts stay. A bench that runs one of them is told at its next heartbeat. */
export async function cancelCampaign(store: LabStore, id: number): Promise<void> {
  await campaignRow(store, id);
  await store.sql.transaction(async (within) => {
    await within.query('update lab_campaigns set cancelled_at = coalesce(cancelled_at, lab_now()) where id = $1', [id]);
    await within.query(
      `with over as (
         delete from lab_leases where run_id in (select id from lab_runs where campaign_id = $1 and state = 'running')
         returning attempt_id)
       update lab_attempts set state = 'cancelled', ended_at = lab_now(), reason = 'the campaign was cancelled'
       where id in (select attempt_id from over)`,
      [id],
    );
    const open = await within.query<{ id: string; requirement: number }>(
      `select id::text, requirement_id as requirement from lab_runs
       where campaign_id = $1 and state in ('queued', 'running') for update`,
      [id],
    );
    const runs = open.map((each) => each.id);
    if (runs.length === 0) return;
    for (const requirement of new Set(open.map((each) => each.requirement))) {
      const own = open.filter((each) => each.requirement === requirement).map((each) => each.id);
      await store.queue.cancel(requirement, own, within);
    }
    await endWithoutBench(within, runs, 'cancelled', 'the campaign was cancelled');
  });
}

/** Notes the end of campaigns whose last run has ended. @returns how many */
export async function endCampaigns(store: LabStore): Promise<number> {
  const rows = await store.sql.query<{ id: number }>(
    `select id from lab_campaigns c where ended_at is null and not exists (
       select 1 from lab_runs where campaign_id = c.id and state in ('queued', 'running'))`,
  );
  for (const { id } of rows) {
    const kept = totals(await cellRows(store, id));
    await store.sql.query(
      `update lab_campaigns set counts = $2::json,
         ended_at = (select coalesce(max(ended_at), lab_now()) from lab_runs where campaign_id = $1)
       where id = $1 and ended_at is null`,
      [id, JSON.stringify(kept)],
    );
  }
  return rows.length;
}
