import type { ReplayAttempt, ReplayedTrace, ReplayReport } from './model.ts';
import { counts, countTraces } from './model.ts';

/*
 * A report as one JSON document, in pieces: a single trace as `vitap replay --json` prints it, a suite with all its
 * traces and attempts.
 */

export async function* documentPieces(report: ReplayReport): AsyncGenerator<string, void, undefined> {
  const only = report.traces[0]?.attempts[0];
  if (report.suite === null && only !== undefined) {
    yield* attemptPieces(only, {});
    yield '\n';
    return;
  }
  const { suite, verdict, environment, jobs, traces, leftOut, warnings, secretsKept } = report;
  const counted = traces.filter(counts);
  const head = {
    id: 'replay-suite',
    suite: suite?.name ?? null,
    title: suite?.title ?? null,
    file: suite?.file ?? null,
    verdict,
    counts: countTraces(counted),
    quarantined: countTraces(traces.filter((each) => !counts(each))),
    leftOut,
    jobs,
    secretsKept,
    environment,
    warnings,
  };
  yield `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "traces": [`;
  for (const [i, trace] of traces.entries()) {
    yield i === 0 ? '\n' : ',\n';
    yield* tracePieces(trace);
  }
  yield ']\n}\n';
}

async function* tracePieces({ attempts, ...trace }: ReplayedTrace): AsyncGenerator<string, void, undefined> {
  yield `${JSON.stringify(trace).slice(0, -1)},"attempts":[`;
  for (const [i, attempt] of attempts.entries()) {
    if (i > 0) yield ',\n';
    yield* attemptPieces(attempt, { attempt: attempt.number });
  }
  yield ']}';
}

/** The form of `ReplayResult`. */
async function* attemptPieces(
  { summary, problem, entries }: ReplayAttempt,
  more: Readonly<Record<string, unknown>>,
): AsyncGenerator<string, void, undefined> {
  yield '{"exchanges":[';
  let first = true;
  for await (const line of entries.lines()) {
    yield first ? `\n${line}` : `,\n${line}`;
    first = false;
  }
  const rest = { ...more, ...(summary ?? { id: 'replay', verdict: 'INCONCLUSIVE', problem }) };
  yield `],${JSON.stringify(rest).slice(1)}`;
}
