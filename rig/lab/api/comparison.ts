import * as z from 'zod';
import { count } from './fields.ts';

/** All runs of a subject and a suite, one case of them, or one figure. */
export interface ComparedItem {
  readonly subject: string;
  readonly suite: string;
  /** Identifier of the case, or name of the figure; null: the runs' verdicts. */
  readonly of: string | null;
}
/** How much longer a time is in the second campaign, as `bench compare` decides it. */
export interface ComparedEffect {
  /** Second to first: 1.1 is ten per cent longer. With its interval; `high` null: without end. */
  readonly ratio: { readonly value: number; readonly low: number; readonly high: number | null };
  readonly method: 'independent';
  /** Blocks of each side. */
  readonly compared: number;
  /** What is too small to be called a difference, as a share. */
  readonly margin: number;
  readonly verdict: 'faster' | 'slower';
}
export interface ComparedTime extends ComparedItem {
  readonly effect: ComparedEffect;
}
/** The first of a list, and how many it has. */
export interface Listed<Item> {
  readonly count: number;
  readonly first: readonly Item[];
}
/** What a comparison rests on. */
export interface ComparedCounts {
  /** Runs with a verdict of a bench. */
  readonly firstRuns: number;
  readonly secondRuns: number;
  /** Of both campaigns: subjects with their suites, their cases, and times with enough values on both sides. */
  readonly cells: number;
  readonly cases: number;
  readonly times: number;
  /** Times of both with too few values. */
  readonly timesWithFew: number;
}
/** Two campaigns beside each other: what is different in the second. */
export interface CampaignComparison {
  readonly compared: ComparedCounts;
  /** Passed always in the first campaign, and never in the second. */
  readonly newFailures: Listed<ComparedItem>;
  /** The other way round. */
  readonly mended: Listed<ComparedItem>;
  /** Passed and failed in the second campaign. */
  readonly flaky: Listed<ComparedItem>;
  readonly slower: Listed<ComparedTime>;
  readonly faster: Listed<ComparedTime>;
  readonly onlyFirst: Listed<ComparedItem>;
  readonly onlySecond: Listed<ComparedItem>;
}

/** Items of one list that an answer carries unless more are asked for, and at most. */
export const LISTED = 500;
export const MOST_LISTED = 20_000;

const item = z.object({ subject: z.string(), suite: z.string(), of: z.string().nullable() });
const items = z.object({ count, first: z.array(item).max(MOST_LISTED) });
const share = z.number().nonnegative();
const effect = z.object({
  ratio: z.object({ value: share, low: share, high: share.nullable() }),
  method: z.literal('independent'),
  compared: count,
  margin: share,
  verdict: z.enum(['faster', 'slower']),
});
const times = z.object({ count, first: z.array(item.extend({ effect })).max(MOST_LISTED) });
export const COMPARISON: z.ZodType<CampaignComparison> = z.object({
  compared: z.object({
    ...{ firstRuns: count, secondRuns: count },
    ...{ cells: count, cases: count, times: count, timesWithFew: count },
  }),
  newFailures: items,
  mended: items,
  flaky: items,
  slower: times,
  faster: times,
  onlyFirst: items,
  onlySecond: items,
});
