import * as z from 'zod';
import { REQUIREMENT, type Requirement } from './capability.ts';
import { count, label, SHA256, time, uuid } from './fields.ts';

const MOST_RUNS = 100_000;
/** Path of an input below the folder of its run: nothing in it leads out, and nothing is hidden. */
const inputPath = z
  .string()
  .max(200)
  .regex(/^(?!.*(?:^|\/)\.)[\w .-]+(?:\/[\w .-]+)*$/);

/** What a bench does in a run: `kind` and what that kind takes. The server keeps it as it came; the bench checks it. */
export type Work = Readonly<Record<string, unknown>> & { readonly kind: string };
export const WORK: z.ZodType<Work> = z
  .looseObject({ kind: label })
  .refine((work) => JSON.stringify(work).length <= 16_384, { error: 'longer than 16384 characters' });

/** A file that a run reads, by its hash; `name` is its path (with `/`) below the folder that the run gets. */
export interface InputFile {
  readonly name: string;
  readonly sha256: string;
}
export const INPUT: z.ZodType<InputFile> = z.strictObject({ name: inputPath, sha256: SHA256 });

export interface SubmittedRun {
  /** Row of the matrix: card, image or board. */
  readonly subject: string;
  /** Column of the matrix: suite, `conform iso7816-4`, `bench tap`, … */
  readonly suite: string;
  /** From 1. */
  readonly repetition: number;
  readonly requirement: Requirement;
  readonly work: Work;
  readonly inputs: readonly InputFile[];
  /** How long a bench may take for it. */
  readonly limitSeconds: number;
}
export const SUBMITTED_RUN: z.ZodType<SubmittedRun> = z.strictObject({
  subject: label,
  suite: label,
  repetition: z.int().min(1).max(MOST_RUNS),
  requirement: REQUIREMENT,
  work: WORK,
  inputs: z.array(INPUT).max(2000),
  limitSeconds: z.int().min(1).max(43_200),
});

export interface Submission {
  readonly name: string;
  /** The campaign file as it was written. */
  readonly source: string;
  readonly runs: readonly SubmittedRun[];
  /** Only says what would happen. */
  readonly dryRun: boolean;
  /** Benches that may try a run before it ends as `error`; only a lost bench makes another try. */
  readonly attempts: number;
  /** Made by the asking side for this submission: asked again with it, nothing is submitted twice. */
  readonly key: string;
}
export const SUBMISSION: z.ZodType<Submission> = z.strictObject({
  name: label,
  source: z.string().max(262_144),
  runs: z.array(SUBMITTED_RUN).min(1).max(MOST_RUNS),
  dryRun: z.boolean(),
  attempts: z.int().min(1).max(100),
  key: uuid,
});
export interface Submitted {
  /** Null after a dry run. */
  readonly campaign: number | null;
  readonly runs: number;
  /** Places in `runs` (from 0) that none of the enrolled benches can take as they last said what they have. */
  readonly unfit: readonly number[];
  /** Hashes of inputs that the server does not have yet; with any, nothing was submitted. */
  readonly missing: readonly string[];
}
export const SUBMITTED: z.ZodType<Submitted> = z.object({
  campaign: z.int().nullable(),
  runs: count,
  unfit: z.array(count),
  missing: z.array(SHA256),
});

export interface Counts {
  readonly queued: number;
  readonly running: number;
  readonly passed: number;
  readonly failed: number;
  readonly error: number;
  readonly cancelled: number;
}
const COUNT_OF_EACH = {
  queued: count,
  running: count,
  passed: count,
  failed: count,
  error: count,
  cancelled: count,
} as const;
const COUNTS: z.ZodType<Counts> = z.object(COUNT_OF_EACH);
export interface CampaignSummary {
  readonly id: number;
  readonly name: string;
  readonly submittedAt: number;
  /** When its last run ended; null while one has not. */
  readonly endedAt: number | null;
  readonly counts: Counts;
  /** Attempts beyond the first of each run. */
  readonly retries: number;
}
export const CAMPAIGN_SUMMARY: z.ZodType<CampaignSummary> = z.object({
  id: z.int(),
  name: z.string(),
  submittedAt: time,
  endedAt: time.nullable(),
  counts: COUNTS,
  retries: count,
});
/** A page of campaigns, newest first; `after` is the number before which the next one goes on, null at the end. */
export interface CampaignPage {
  readonly campaigns: readonly CampaignSummary[];
  readonly after: number | null;
}
export const CAMPAIGNS: z.ZodType<CampaignPage> = z.object({
  campaigns: z.array(CAMPAIGN_SUMMARY),
  after: z.int().nullable(),
});

/** Where a cell stands. */
export interface CellPlace {
  readonly subject: string;
  readonly suite: string;
}
/** Runs of one subject and one suite. */
export interface Cell extends Counts, CellPlace {}
/** A page of the matrix, by subject and suite; `after` is the cell behind which the next one goes on, null at the end. */
export interface Matrix {
  readonly campaign: CampaignSummary;
  readonly subjects: readonly string[];
  readonly suites: readonly string[];
  readonly cells: readonly Cell[];
  readonly after: CellPlace | null;
}
export const MATRIX: z.ZodType<Matrix> = z.object({
  campaign: CAMPAIGN_SUMMARY,
  subjects: z.array(z.string()),
  suites: z.array(z.string()),
  cells: z.array(z.object({ subject: z.string(), suite: z.string(), ...COUNT_OF_EACH })),
  after: z.object({ subject: z.string(), suite: z.string() }).nullable(),
});
