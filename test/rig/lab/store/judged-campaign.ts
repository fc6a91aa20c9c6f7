import type { CaseResult, ResultStatement } from '../../../../rig/lab/api/result.ts';
import { listResults } from '../../../../rig/lab/store/runs.ts';
import type { LabStore } from '../../../../rig/lab/store/store.ts';
import { submitCampaign } from '../../../../rig/lab/store/submit.ts';
import { newKey, RUN } from './lab-in-test.ts';

/** A run and what its bench said of it; null: no bench judged it, and it ended as an error. */
export interface JudgedRun {
  readonly subject: string;
  readonly suite: string;
  readonly result:
    | (Pick<ResultStatement, 'verdict' | 'cases' | 'figures'> & Partial<Pick<ResultStatement, 'card' | 'board'>>)
    | null;
}

export function casesOf(verdicts: Readonly<Record<string, CaseResult['verdict']>>): readonly CaseResult[] {
  return Object.entries(verdicts).map(([id, verdict]) => ({
    id,
    verdict,
    reason: verdict === 'pass' ? '' : `${id} is so`,
  }));
}

/** Submits a campaign whose runs have ended so, without the benches: the rows that a result leaves. @returns its number */
export async function judgedCampaign(store: LabStore, judged: readonly JudgedRun[]): Promise<number> {
  const runs = judged.map(({ subject, suite }, place) => ({ ...RUN, subject, suite, repetition: place + 1 }));
  const submission = { name: 'nightly', source: '', runs, dryRun: false, attempts: 2, key: newKey() };
  const { campaign } = await submitCampaign(store, submission, Date.now());
  const ended = judged.map(({ result }, place) => {
    const { verdict = 'error', cases = [], figures = {}, card = null, board = null } = result ?? {};
    const signed = { cases, figures, verdict, card, board };
    const jws = result === null ? null : `e30.${Buffer.from(JSON.stringify(signed)).toString('base64url')}.e30`;
    return { number: place + 1, verdict, jws, figures, cases };
  });
  const json = JSON.stringify(ended);
  const rows = `json_to_recordset($1::json) as e(number int, verdict text, jws text, figures json, cases json)
    join lab_runs r on r.campaign_id = $2 and r.number = e.number`;
  await store.sql.transaction(async (within) => {
    await within.query(
      `update lab_runs set state = e.verdict, bench = 'b1', device = 'loopback', backend = 'simulated', ended_at = 1,
         changed_at = 1
       from json_to_recordset($1::json) as e(number int, verdict text) where campaign_id = $2 and lab_runs.number = e.number`,
      [json, campaign],
    );
    await within.query(
      `insert into lab_results (run_id, verdict, reason, jws, figures, recorded_at)
       select r.id, e.verdict, '', e.jws, e.figures, 1 from ${rows}`,
      [json, campaign],
    );
    await within.query(
      `insert into lab_cases (run_id, place, id, verdict, reason)
       select r.id, place, value->>'id', value->>'verdict', value->>'reason'
       from ${rows} cross join json_array_elements(e.cases) with ordinality as c(value, place)`,
      [json, campaign],
    );
  });
  return campaign as number;
}

type Tally = ReadonlyMap<string, { readonly passes: number; readonly fails: number }>;

/** What two campaigns came to by their documents alone: every result is read, and nothing that the database counts. */
export async function comparedByDocuments(
  store: LabStore,
  first: number,
  second: number,
): Promise<Readonly<Record<'newFailures' | 'mended' | 'flaky' | 'onlyFirst' | 'onlySecond', readonly string[]>>> {
  const [a, b] = [await tallyOf(store, first), await tallyOf(store, second)];
  const none = { passes: 0, fails: 0 };
  const where = (holds: (then: typeof none, now: typeof none) => boolean): string[] =>
    [...new Set([...a.keys(), ...b.keys()])].filter((key) => holds(a.get(key) ?? none, b.get(key) ?? none)).sort();
  return {
    newFailures: where((then, now) => then.passes > 0 && then.fails === 0 && now.fails > 0 && now.passes === 0),
    mended: where((then, now) => then.fails > 0 && then.passes === 0 && now.passes > 0 && now.fails === 0),
    flaky: where((_, now) => now.passes > 0 && now.fails > 0),
    onlyFirst: where((_, now) => now.passes + now.fails === 0),
    onlySecond: where((then) => then.passes + then.fails === 0),
  };
}

async function tallyOf(store: LabStore, campaign: number): Promise<Tally> {
  const tally = new Map<string, { passes: number; fails: number }>();
  const count = (key: unknown, passed: boolean): void => {
    const text = JSON.stringify(key);
    const found = tally.get(text) ?? { passes: 0, fails: 0 };
    tally.set(text, found);
    if (passed) found.passes++;
    else found.fails++;
  };
  for (let after: number | null = 0; after !== null; ) {
    const page = await listResults(store, campaign, after);
    for (const { run, jws } of page.results) {
      if (jws === null) continue;
      const signed = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as ResultStatement;
      count([run.subject, run.suite, null], signed.verdict === 'passed');
      for (const { id, verdict } of signed.cases) {
        if (verdict !== 'not-applicable') count([run.subject, run.suite, id], verdict === 'pass');
      }
    }
    after = page.after;
  }
  return tally;
}
