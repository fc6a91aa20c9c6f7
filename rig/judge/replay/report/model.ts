import type { ReportEnvironment } from '../../../report/environment.ts';
import type { EntryFile } from '../entry-file.ts';
import type { ReplaySummary, ReplayVerdict } from '../model.ts';

/*
 * What reports and evidence are made of: one trace or a suite of them, each with all its attempts.
 */

/** The entries of an attempt, as often as one likes: in a file, or read from a document. */
export type ReplayEntries = Pick<EntryFile, 'entries' | 'lines'>;

/** One replay of a trace from its beginning. */
export interface ReplayAttempt {
  /** From 1. */
  readonly number: number;
  /** null when it could not begin. */
  readonly summary: ReplaySummary | null;
  /** Why it could not begin, or null. */
  readonly problem: string | null;
  /** Where the first exchange that failed differs, for people; null where none did. */
  readonly where: string | null;
  readonly entries: ReplayEntries;
}

/** What a trace is to do: pass, or differ first at one exchange and no other. */
export type Expectation = { readonly kind: 'pass' } | { readonly kind: 'fail-at'; readonly exchange: number };

export interface Quarantine {
  readonly reason: string;
  /** The last day on which it holds, `2026-12-31`, UTC. */
  readonly until: string;
  /** That day was over when the run began: the trace counts like any other. */
  readonly expired: boolean;
}

export interface ReplayedTrace {
  readonly id: string;
  readonly title: string | null;
  readonly trace: string;
  readonly rules: string | null;
  readonly expect: Expectation;
  /** Verdict on the last attempt against what was expected; SKIPPED when the run ended before it. */
  readonly verdict: ReplayVerdict;
  /** Why it is no PASS, or null. */
  readonly reason: string | null;
  readonly quarantine: Quarantine | null;
  readonly attempts: readonly ReplayAttempt[];
}

export interface ReplayReport {
  /** The suite; null for a single trace. */
  readonly suite: { readonly name: string; readonly title: string | null; readonly file: string } | null;
  readonly verdict: Exclude<ReplayVerdict, 'SKIPPED'>;
  readonly environment: ReportEnvironment;
  readonly secretsKept: boolean;
  readonly jobs: number;
  readonly traces: readonly ReplayedTrace[];
  /** Traces of the suite that were left out by `--only`. */
  readonly leftOut: number;
  readonly warnings: readonly string[];
}

/** Whether its verdict counts: a trace in quarantine is reported apart. */
export function counts({ quarantine }: ReplayedTrace): boolean {
  return quarantine === null || quarantine.expired;
}

/** How many traces there are of each verdict. */
export function countTraces(traces: readonly ReplayedTrace[]): Readonly<Record<ReplayVerdict, number>> {
  const found = { PASS: 0, FAIL: 0, INCONCLUSIVE: 0, SKIPPED: 0 };
  for (const { verdict } of traces) found[verdict]++;
  return found;
}

/** `FAIL` when one failed, else `PASS` when at least one was judged and all were. */
export function verdictOfAll(traces: readonly ReplayedTrace[]): ReplayReport['verdict'] {
  const { PASS, FAIL, INCONCLUSIVE, SKIPPED } = countTraces(traces.filter(counts));
  if (FAIL > 0) return 'FAIL';
  return PASS > 0 && INCONCLUSIVE === 0 && SKIPPED === 0 ? 'PASS' : 'INCONCLUSIVE';
}

export function expectationInWords(expect: Expectation): string {
  return expect.kind === 'pass' ? 'pass' : `fail at exchange ${expect.exchange}`;
}
