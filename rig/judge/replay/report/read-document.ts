import type { ReplayEntry, ReplaySummary } from '../model.ts';
import type { ReplayAttempt, ReplayedTrace, ReplayReport } from './model.ts';

/** What `documentPieces` writes of a suite, as one object. */
type SuiteDocument = Omit<ReplayReport, 'suite' | 'traces'> & {
  readonly suite: string;
  readonly title: string | null;
  readonly file: string;
  readonly traces: readonly (Omit<ReplayedTrace, 'attempts'> & { readonly attempts: readonly AttemptDocument[] })[];
};
type AttemptDocument = (ReplaySummary | { readonly problem: string | null }) & {
  readonly attempt: number;
  readonly exchanges: readonly ReplayEntry[];
};

/** Whether a JSON document says that it is that of a replayed suite. */
export function isSuiteDocument(document: { readonly id?: unknown }): boolean {
  return document.id === 'replay-suite';
}

/** A replayed suite as reports take it, from its JSON document: the inverse of `documentPieces`. */
export function replayReportOf(document: unknown): ReplayReport {
  const { suite, title, file, traces, verdict, environment, secretsKept, jobs, leftOut, warnings } =
    document as SuiteDocument;
  return {
    ...{ verdict, environment, secretsKept, jobs, leftOut, warnings },
    suite: { name: suite, title, file },
    traces: traces.map((trace) => ({ ...trace, attempts: trace.attempts.map(attemptOf) })),
  };
}

function attemptOf({ attempt, exchanges, ...rest }: AttemptDocument): ReplayAttempt {
  // An attempt that did not begin has the problem alone.
  const summary = 'mode' in rest ? (rest as ReplaySummary) : null;
  return {
    number: attempt,
    summary,
    problem: summary === null ? rest.problem : null,
    where: null,
    entries: {
      async *entries() {
        yield* exchanges;
      },
      async *lines() {
        for (const each of exchanges) yield JSON.stringify(each);
      },
    },
  };
}
