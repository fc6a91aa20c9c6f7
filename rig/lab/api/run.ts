import * as z from 'zod';
import { BACKENDS, type Backend, REQUIREMENT, type Requirement } from './capability.ts';
import { count, time, uuid } from './fields.ts';
import { RESULT_STATEMENT, type ResultStatement } from './result.ts';

export const RUN_STATES = ['queued', 'running', 'passed', 'failed', 'error', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];
export const ATTEMPT_STATES = ['running', 'finished', 'given-back', 'late', 'cancelled'] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

export interface RunSummary {
  readonly id: string;
  readonly campaign: number;
  /** In its campaign, from 1. */
  readonly number: number;
  readonly subject: string;
  readonly suite: string;
  readonly repetition: number;
  readonly state: RunState;
  readonly attempts: number;
  /** Of the last attempt; null before the first. */
  readonly bench: string | null;
  readonly device: string | null;
  readonly backend: Backend | null;
  readonly endedAt: number | null;
  readonly reason: string;
}
export const RUN_SUMMARY: z.ZodType<RunSummary> = z.object({
  id: uuid,
  campaign: z.int(),
  number: z.int(),
  subject: z.string(),
  suite: z.string(),
  repetition: z.int(),
  state: z.enum(RUN_STATES),
  attempts: count,
  bench: z.string().nullable(),
  device: z.string().nullable(),
  backend: z.enum(BACKENDS).nullable(),
  endedAt: time.nullable(),
  reason: z.string(),
});
/** A page of runs; `after` is the number from which the next one goes on, null at the end. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  readonly after: number | null;
}
export const RUN_PAGE: z.ZodType<RunPage> = z.object({ runs: z.array(RUN_SUMMARY), after: z.int().nullable() });

export interface AttemptSummary {
  readonly id: string;
  readonly number: number;
  readonly bench: string;
  readonly device: string;
  readonly state: AttemptState;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Why it did not finish, in one sentence. */
  readonly reason: string;
}
const ATTEMPT: z.ZodType<AttemptSummary> = z.object({
  id: uuid,
  number: z.int(),
  bench: z.string(),
  device: z.string(),
  state: z.enum(ATTEMPT_STATES),
  startedAt: time,
  endedAt: time.nullable(),
  reason: z.string(),
});
export interface RunDetail {
  readonly run: RunSummary;
  readonly requirement: Requirement;
  readonly attempts: readonly AttemptSummary[];
  readonly progress: { readonly done: number; readonly total: number; readonly note: string } | null;
  /** Null while it has none; a run that was cancelled or given up has none either. */
  readonly statement: ResultStatement | null;
  /** The signed result as the bench sent it. */
  readonly jws: string | null;
}
export const RUN_DETAIL: z.ZodType<RunDetail> = z.object({
  run: RUN_SUMMARY,
  requirement: REQUIREMENT,
  attempts: z.array(ATTEMPT),
  progress: z.object({ done: count, total: count, note: z.string() }).nullable(),
  statement: RESULT_STATEMENT.nullable(),
  jws: z.string().nullable(),
});

/** A run with what its benches sent, for exports and comparisons. */
export interface RunResult {
  readonly run: RunSummary;
  readonly attempts: readonly AttemptSummary[];
  readonly jws: string | null;
}
/** A page of results, as {@link RunPage}. */
export interface ResultPage {
  readonly results: readonly RunResult[];
  readonly after: number | null;
}
export const RESULT_PAGE: z.ZodType<ResultPage> = z.object({
  results: z.array(z.object({ run: RUN_SUMMARY, attempts: z.array(ATTEMPT), jws: z.string().nullable() })),
  after: z.int().nullable(),
});

export const FOUND: z.ZodType<{ readonly runs: readonly RunSummary[] }> = z.object({ runs: z.array(RUN_SUMMARY) });
