import * as z from 'zod';
import { count } from './fields.ts';

/** One side of a matrix, one case of it, or one figure. */
export interface ComparedItem {
  readonly subject: string;
  readonly suite: string;
  /** Identifier of the case, or name of the figure; null: the runs' verdicts. */
  readonly of: string | null;
}
/** B to A of a time: 1.1 is ten per cent longer. With its interval. */
export interface ComparedRatio {
  readonly value: number;
  /** 0, or null for one without end. */
  readonly low: number | null;
  readonly high: number | null;
}
export interface ComparedTime extends ComparedItem {
  readonly ratio: ComparedRatio;
}
/** The first of a list, and how many it has. */
export interface Listed<Item> {
  readonly count: number;
  readonly first: readonly Item[];
}
/** Two campaigns, as `lab compare` says it. */
export interface ComparisonPage {
  readonly newFailures: Listed<ComparedItem>;
  readonly mended: Listed<ComparedItem>;
  readonly flaky: Listed<ComparedItem>;
  readonly slower: Listed<ComparedTime>;
  readonly faster: Listed<ComparedTime>;
  readonly onlyFirst: Listed<ComparedItem>;
  readonly onlySecond: Listed<ComparedItem>;
}

/** Items of one list that an answer carries. */
export const MOST_LISTED = 500;

const item = z.object({ subject: z.string(), suite: z.string(), of: z.string().nullable() });
const items = z.object({ count, first: z.array(item).max(MOST_LISTED) });
const bound = z.number().nonnegative().nullable();
const ratio = z.object({ value: z.number().nonnegative(), low: bound, high: bound });
const times = z.object({ count, first: z.array(item.extend({ ratio })).max(MOST_LISTED) });
export const COMPARISON: z.ZodType<ComparisonPage> = z.object({
  newFailures: items,
  mended: items,
  flaky: items,
  slower: times,
  faster: times,
  onlyFirst: items,
  onlySecond: items,
});
