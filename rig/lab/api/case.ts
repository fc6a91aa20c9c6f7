import * as z from 'zod';
import { uuid } from './fields.ts';
import { RUN_SUMMARY, type RunSummary } from './run.ts';

/** Which runs are asked for. */
export interface CaseAsked {
  /** Identifier of the case. */
  readonly id: string;
  /** Null: all campaigns. */
  readonly campaign: number | null;
  /** Identifier of a run: those behind it; null: from the start. */
  readonly after: string | null;
}
/** A run in which a case did not pass. */
export interface CaseRun {
  readonly run: RunSummary;
  /** Of the case. */
  readonly verdict: 'fail' | 'inconclusive';
  readonly reason: string;
  /** What was judged: ATR of the card, identity of the board; null where there is none. */
  readonly card: string | null;
  readonly board: string | null;
}
/**
 * Runs in which a case failed or was inconclusive, a page at a time: those of one campaign in their order, those of all
 * campaigns from the newest on. `after` is the run behind which the next page goes on, null at the end.
 */
export interface CasePage {
  readonly runs: readonly CaseRun[];
  readonly after: string | null;
  /** Whether the campaign judged the case at all; true without a campaign, where nobody looks. */
  readonly judged: boolean;
}
export const CASE_PAGE: z.ZodType<CasePage> = z.object({
  runs: z.array(
    z.object({
      run: RUN_SUMMARY,
      verdict: z.enum(['fail', 'inconclusive']),
      reason: z.string(),
      card: z.string().nullable(),
      board: z.string().nullable(),
    }),
  ),
  after: uuid.nullable(),
  judged: z.boolean(),
});
