import type { CampaignPage, CampaignSummary, CellPlace, Matrix } from '../api/campaign.ts';
import { COUNT_COLUMNS, COUNT_SUMS, type CountRow } from './counts.ts';
import { endWithoutBench } from './leases.ts';
import { LabRefusal } from './refusals.ts';
import type { LabStore } from './store.ts';

type CampaignRow = CountRow & {
  readonly id: number;
  readonly name: string;
  readonly submittedAt: number;
  readonly endedAt: number | null;
};

/** Campaigns with their counts: those that were added up, and what changed since. */
const COUNTED = `select c.id, c.name, c.submitted_at as "submittedAt", c.ended_at as "endedAt", n.*
  from lab_campaigns c cross join lateral (
    select ${COUNT_SUMS} from (
      select ${COUNT_COLUMNS} from lab_totals where campaign_id = c.id
      union all select ${COUNT_COLUMNS} from lab_cell_changes where campaign_id = c.id) all_counts) n`;
/** Campaigns on one page. */
const LISTED = 200;
/** Cells on one page: a campaign may have one for each of its runs. */
const CELLS = 2000;

/** Newest first, 200 at a time. @param before number of a campaign: those older than it; null: from the newest */
export async function listCampaigns(store: LabStore, before: number | null = null): Promise<CampaignPage> {
  const rows = await store.sql.query<CampaignRow>(`${COUNTED} where c.id < $1 order by c.id desc limit $2`, [
    before ?? Number.MAX_SAFE_INTEGER,
    LISTED + 1,
  ]);
  const campaigns = rows.slice(0, LISTED).map(summary);
  return { campaigns, after: rows.length > LISTED ? (campaigns.at(-1)?.id ?? null) : null };
}

function summary(row: CampaignRow): CampaignSummary {
  const { id, name, submittedAt, endedAt, retries, ...counts } = row;
  return { id, name, submittedAt, endedAt, counts, retries };
}

/**
 * A campaign with the cells of its matrix by subject and suite, 2000 at a time.
 * @param after a cell: those behind it
 * @throws {LabRefusal} `campaign-unknown`
 */
export async function campaignMatrix(
  store: LabStore,
  id: number,
  after: CellPlace = { subject: '', suite: '' },
): Promise<Matrix> {
  const [row] = await store.sql.query<CampaignRow>(`${COUNTED} where c.id = $1`, [id]);
  if (row === undefined) throw new LabRefusal('campaign-unknown', id);
  const found = await store.sql.query<{ subject: string; suite: string } & CountRow>(
    `with page as (
       select subject, suite, ${COUNT_COLUMNS} from lab_cells
       where campaign_id = $1 and (subject, suite) > ($2, $3) order by subject, suite limit $4)
     select subject, suite, ${COUNT_SUMS} from (
       select * from page
       union all
       select subject, suite, ${COUNT_COLUMNS} from lab_cell_changes
       where campaign_id = $1 and (subject, suite) in (select subject, suite from page)) all_counts
     group by subject, suite order by subject, suite`,
    [id, after.subject, after.suite, CELLS + 1],
  );
  const cells = found.slice(0, CELLS).map(({ retries, ...cell }) => cell);
  const last = cells.at(-1);
  return {
    campaign: summary(row),
    subjects: [...new Set(cells.map(({ subject }) => subject))],
    suites: [...new Set(cells.map(({ suite }) => suite))].sort(),
    cells,
    after: found.length > CELLS && last !== undefined ? { subject: last.subject, suite: last.suite } : null,
  };
}

/** Ends what waits and what runs; verdicts stay. A bench that runs one of them is told at its next heartbeat. */
export async function cancelCampaign(store: LabStore, id: number): Promise<void> {
  await refuseUnknown(store, id);
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

async function refuseUnknown(store: LabStore, id: number): Promise<void> {
  const rows = await store.sql.query('select id from lab_campaigns where id = $1', [id]);
  if (rows.length === 0) throw new LabRefusal('campaign-unknown', id);
}

/** Notes the end of campaigns whose last run has ended. @returns how many */
export async function endCampaigns(store: LabStore): Promise<number> {
  const rows = await store.sql.query(
    `update lab_campaigns c set ended_at = (
       select coalesce(max(ended_at), lab_now()) from lab_runs where campaign_id = c.id)
     where ended_at is null and not exists (
       select 1 from lab_runs where campaign_id = c.id and state in ('queued', 'running'))
     returning id`,
  );
  return rows.length;
}
