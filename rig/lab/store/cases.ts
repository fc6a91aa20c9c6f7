import type { CaseAsked, CasePage, CaseRun } from '../api/case.ts';
import type { RunSummary } from '../api/run.ts';
import { LabRefusal } from './refusals.ts';
import { RUN_COLUMNS } from './runs.ts';
import type { LabStore } from './store.ts';

/** Runs on one page. */
const PAGE = 200;

type Row = RunSummary &
  Omit<CaseRun, 'run' | 'verdict' | 'reason'> & {
    readonly case_verdict: CaseRun['verdict'];
    readonly case_reason: string;
  } & Record<string, never>;

/** What the bench signed, of a result `s` (RFC 7515: the second part is base64url). */
const SIGNED = `convert_from(decode(
  rpad(translate(split_part(s.jws, '.', 2), '-_', '+/'),
    (length(split_part(s.jws, '.', 2)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::json`;

/**
 * Runs in which a case failed or was inconclusive, by the index of such cases. Runs of one campaign have identifiers one
 * after the other, and those of a later campaign greater ones.
 * @throws {LabRefusal} `campaign-unknown`
 */
export async function runsOfCase(store: LabStore, { id, campaign, after }: CaseAsked): Promise<CasePage> {
  if (campaign !== null) {
    const known = await store.sql.query('select id from lab_campaigns where id = $1', [campaign]);
    if (known.length === 0) throw new LabRefusal('campaign-unknown', campaign);
  }
  const rows = await (campaign === null ? ofAll(store, id, after) : ofOne(store, id, campaign, after));
  const runs = rows.slice(0, PAGE).map(({ case_verdict: verdict, case_reason: reason, card, board, ...run }) => {
    return { run, verdict, reason, card, board };
  });
  return {
    runs,
    after: rows.length > PAGE ? (runs.at(-1)?.run.id ?? null) : null,
    judged: campaign === null || runs.length > 0 || after !== null || (await isJudged(store, id, campaign)),
  };
}

/** Each run by its index, however many there are. @param from of the cases `c` which, one of a run */
function select(from: string): string {
  return `
    select ${RUN_COLUMNS}, c.verdict as case_verdict, c.reason as case_reason, signed->>'card' as card, signed->>'board' as board
    from (${from}) c
      cross join lateral (select * from lab_runs where id = c.run_id offset 0) r
      cross join lateral (select ${SIGNED} as signed from lab_results s where s.run_id = c.run_id offset 0) s`;
}

const BAD = `select distinct on (run_id) run_id, verdict, reason from lab_cases
  where id = $1 and verdict in ('fail', 'inconclusive')`;

function ofOne({ sql }: LabStore, id: string, campaign: number, after: string | null): Promise<readonly Row[]> {
  const end = (order: '' | 'desc'): string =>
    `(select id from lab_runs where campaign_id = $2 order by number ${order} limit 1)`;
  return sql.query<Row>(
    `${select(`${BAD} and run_id >= ${end('')} and run_id <= ${end('desc')} and run_id > $3::uuid
       order by run_id, place limit $4`)}
     where r.campaign_id = $2 order by c.run_id`,
    [id, campaign, after ?? '00000000-0000-0000-0000-000000000000', PAGE + 1],
  );
}

function ofAll({ sql }: LabStore, id: string, after: string | null): Promise<readonly Row[]> {
  return sql.query<Row>(
    `${select(`${BAD} and run_id < $2::uuid order by run_id desc, place limit $3`)} order by c.run_id desc`,
    [id, after ?? 'ffffffff-ffff-ffff-ffff-ffffffffffff', PAGE + 1],
  );
}

/** Whether the first run of a subject and a suite that came to a verdict had the case. */
async function isJudged({ sql }: LabStore, id: string, campaign: number): Promise<boolean> {
  const [row] = await sql.query<{ judged: boolean }>(
    `select exists (
       select 1 from lab_cells k
         cross join lateral (
           select id from lab_runs
           where campaign_id = k.campaign_id and subject = k.subject and suite = k.suite and state in ('passed', 'failed')
           order by number limit 1) r
         cross join lateral (select 1 from lab_cases where run_id = r.id and id = $2 limit 1) c
       where k.campaign_id = $1) as judged`,
    [campaign, id],
  );
  return row?.judged === true;
}
