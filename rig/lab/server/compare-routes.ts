import * as z from 'zod';
import type { Effect } from '../../measure/compare/effect.ts';
import type { WebApp } from '../../web/server.ts';
import { COMPARISON, type ComparedTime, type ComparisonPage, type Listed, MOST_LISTED } from '../api/comparison.ts';
import type { JudgedRun } from '../results/all-results.ts';
import { type CampaignComparison, type Compared, compareCampaigns } from '../results/compare.ts';
import { campaignMatrix } from '../store/campaigns.ts';
import { statementOf } from '../store/record.ts';
import { listResults } from '../store/runs.ts';
import type { LabStore } from '../store/store.ts';
import { VIEWER } from './roles.ts';

const campaign = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** For two large campaigns. */
const COMPARE_MS = 120_000;

/** What `lab compare` says, for the page. */
export function addCompareRoute(app: WebApp, store: LabStore): void {
  app.get(
    '/v1/compare',
    {
      config: VIEWER,
      handlerTimeout: COMPARE_MS,
      schema: {
        tags: ['campaign'],
        summary: 'What is different in the second of two campaigns',
        querystring: z.strictObject({ first: campaign, second: campaign }),
        response: { 200: COMPARISON },
      },
    },
    async ({ query: { first, second }, signal }) => {
      // An unknown campaign is said, and not taken for an empty one.
      for (const campaign of [first, second]) await campaignMatrix(store, campaign);
      return pageOf(await compareCampaigns(judged(store, first, signal), judged(store, second, signal)));
    },
  );
}

async function* judged(store: LabStore, campaign: number, signal: AbortSignal): AsyncGenerator<JudgedRun> {
  for (let after: number | null = 0; after !== null; ) {
    signal.throwIfAborted();
    const page = await listResults(store, campaign, after);
    for (const each of page.results) yield { ...each, statement: each.jws === null ? null : statementOf(each.jws) };
    after = page.after;
  }
}

function pageOf({ slower, faster, ...rest }: CampaignComparison): ComparisonPage {
  return {
    newFailures: listed(rest.newFailures, itemOf),
    mended: listed(rest.mended, itemOf),
    flaky: listed(rest.flaky, itemOf),
    slower: listed(slower, timeOf),
    faster: listed(faster, timeOf),
    onlyFirst: listed(rest.onlyFirst, itemOf),
    onlySecond: listed(rest.onlySecond, itemOf),
  };
}

function listed<From, Item>(all: readonly From[], form: (each: From) => Item): Listed<Item> {
  return { count: all.length, first: all.slice(0, MOST_LISTED).map(form) };
}

function itemOf({ subject, suite, of }: Compared): Compared {
  return { subject, suite, of };
}

function timeOf({ effect, ...item }: Compared & { readonly effect: Effect }): ComparedTime {
  const { value, low, high } = effect.ratio;
  const bound = (each: number): number | null => (Number.isFinite(each) ? each : null);
  return { ...itemOf(item), ratio: { value, low: bound(low), high: bound(high) } };
}
