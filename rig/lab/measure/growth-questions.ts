import { listBenches } from '../store/benches.ts';
import { campaignMatrix, listCampaigns } from '../store/campaigns.ts';
import { runsOfCase } from '../store/cases.ts';
import { releaseLease } from '../store/leases.ts';
import { listResults, listRuns, runDetail } from '../store/runs.ts';
import { searchRuns } from '../store/search.ts';
import { takeRun } from '../store/take.ts';
import { BENCHES, CAMPAIGN_RUNS, type FilledStore, runId } from './fill-store.ts';

/** What people and benches ask again and again, on filled stores. */
export interface GrowthQuestion {
  readonly name: string;
  /** Whether it may not grow beyond the limit; the others are shown. */
  readonly judged: boolean;
  /** @param i number of the question, from 0: the same things are asked in the same order each time */
  ask(filled: FilledStore, i: number): Promise<unknown>;
}

/** Steps through numbers without a pattern: the fractional part of the golden ratio. */
function spread(i: number, count: number): number {
  return Math.floor(((i * 0.618_033_988_749_895) % 1) * count);
}

function campaignOf({ firstCampaign, campaigns }: FilledStore, i: number): number {
  return firstCampaign + spread(i, campaigns);
}

function runOf({ campaigns, firstRun }: FilledStore, i: number): string {
  return runId(firstRun + spread(i, campaigns * CAMPAIGN_RUNS - CAMPAIGN_RUNS));
}

export const GROWTH_QUESTIONS: readonly GrowthQuestion[] = [
  { name: 'matrix', judged: true, ask: (filled, i) => campaignMatrix(filled.store, campaignOf(filled, i)) },
  { name: 'run', judged: true, ask: (filled, i) => runDetail(filled.store, runOf(filled, i)) },
  { name: 'campaigns', judged: false, ask: ({ store }) => listCampaigns(store) },
  {
    name: 'runs of a cell',
    judged: false,
    ask: (filled, i) =>
      listRuns(filled.store, { campaign: campaignOf(filled, i), subject: 'card-07', suite: 'conform 2' }),
  },
  {
    name: 'failed runs',
    judged: false,
    ask: (filled, i) => listRuns(filled.store, { campaign: campaignOf(filled, i), state: 'failed' }),
  },
  { name: 'results', judged: false, ask: (filled, i) => listResults(filled.store, campaignOf(filled, i), 400) },
  { name: 'search, a subject', judged: false, ask: ({ store }) => searchRuns(store, 'CARD-07') },
  { name: 'search, nothing', judged: false, ask: ({ store }) => searchRuns(store, 'nowhere') },
  { name: 'search, a reason', judged: false, ask: ({ store }, i) => searchRuns(store, `SEL-${i % 97} failed`) },
  {
    name: 'runs of a case',
    judged: false,
    ask: (filled, i) => runsOfCase(filled.store, { id: 'SEL-1', campaign: campaignOf(filled, i), after: null }),
  },
  { name: 'benches', judged: false, ask: ({ store }) => listBenches(store) },
  { name: 'take and give back', judged: false, ask: takeAndGiveBack },
];

async function takeAndGiveBack({ store }: FilledStore, i: number): Promise<void> {
  const bench = `bench-${1 + (i % BENCHES)}`;
  const taken = await takeRun(store, bench, ['loopback']);
  if (taken === null) throw new Error('nothing waits');
  await releaseLease(store, taken.attempt, { bench, reason: 'measured', linkLost: false });
}
