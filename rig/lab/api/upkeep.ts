import * as z from 'zod';
import { count, SHA256, time } from './fields.ts';

/** Runs of each kind that a check names. */
export const MOST_NAMED = 1000;
/** What the store itself says of the invariants; every list is empty when nothing is lost or doubled, and names 1000 at most. */
export interface Check {
  readonly runs: number;
  readonly results: number;
  /** Runs with a verdict and no result, or the other way round. */
  readonly lost: readonly string[];
  /** Runs with more than one finished attempt, or in more than one lease. */
  readonly doubled: readonly string[];
  /** Runs that are queued without a job, or running without a lease. */
  readonly stranded: readonly string[];
  /** Campaigns whose counts are not those of their runs. */
  readonly miscounted: readonly number[];
}
export const CHECK: z.ZodType<Check> = z.object({
  runs: count,
  results: count,
  lost: z.array(z.string()),
  doubled: z.array(z.string()),
  stranded: z.array(z.string()),
  miscounted: z.array(z.int()),
});

/** How far pruning is: it goes from the oldest file on. */
export interface PrunePlace {
  readonly storedAt: number;
  readonly sha256: string;
}
/** What is dropped: files of runs that ended so long ago. Verdicts, cases and figures stay. */
export interface Prune {
  readonly olderThanDays: number;
  readonly dryRun: boolean;
  /** Where the answer before ended; null: from the oldest. */
  readonly after: PrunePlace | null;
}
const PLACE: z.ZodType<PrunePlace> = z.strictObject({ storedAt: time, sha256: SHA256 });
export const PRUNE: z.ZodType<Prune> = z.strictObject({
  olderThanDays: z.int().min(0).max(36_500),
  dryRun: z.boolean(),
  after: PLACE.nullable(),
});
export interface Pruned {
  readonly files: number;
  readonly bytes: number;
  /** Where it ended early, and goes on when it is asked again; null: all are done. */
  readonly after: PrunePlace | null;
}
export const PRUNED: z.ZodType<Pruned> = z.object({ files: count, bytes: count, after: PLACE.nullable() });
