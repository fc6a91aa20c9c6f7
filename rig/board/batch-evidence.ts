import type { EvidenceDescription } from '../judge/evidence/bundle.ts';
import { jsonItem, plainName } from '../judge/evidence/plan.ts';
import { hostEnvironment } from '../report/host-environment.ts';
import type { BatchOutcome } from './batch-junit.ts';
import type { BatchPlan } from './batch-state.ts';
import type { EvidenceRun } from './evidence-run.ts';

/** A batch as `--json` prints it. */
export interface BatchDocument {
  readonly id: 'board-flash-batch';
  /** `error`: the rig could not do some of it. */
  readonly verdict: 'pass' | 'fail' | 'error';
  /** File of the list, as typed. */
  readonly list: string;
  readonly done: number;
  readonly failed: number;
  readonly errors: number;
  readonly open: number;
  readonly rows: readonly BatchOutcome[];
}

/** What a batch was done with. */
export interface BatchScene {
  /** Text of the list. */
  readonly text: string;
  readonly plan: BatchPlan;
  /** Name of the reader that reads cards back; null without one. */
  readonly verifyWith: string | null;
  readonly station: string;
  /** The report; null: none. */
  readonly page: string | null;
  readonly backend: 'simulated' | 'hardware';
  /** ISO 8601. */
  readonly startedAt: string;
  /** What went onto the boards besides cards; null: nothing. It tells no contents. */
  readonly firmware: Readonly<Record<string, unknown>> | null;
}

/** What the bundle of a batch holds. Its trace is of this run; what an earlier run did is in the verdicts. */
export function batchEvidence(run: EvidenceRun, document: BatchDocument, scene: BatchScene): EvidenceDescription {
  const { list, verdict, rows, done } = document;
  const { text, plan, verifyWith, page, station, backend, startedAt, firmware } = scene;
  const { image, profile, boards } = plan;
  const environment = {
    ...hostEnvironment(),
    station,
    image,
    profile,
    boards,
    verifyWith,
    backend,
    startedAt,
    endedAt: new Date().toISOString(),
    secretsKept: run.record.keepSecrets,
    ...(firmware === null ? {} : { firmware }),
  };
  return {
    kind: 'batch',
    backend,
    verdict: ({ pass: 'PASS', fail: 'FAIL', error: 'ERROR' } as const)[verdict],
    subject: {
      list: plainName(list),
      boards: `${done} of ${rows.length} have their ${firmware === null ? 'card' : 'firmware'}`,
      station,
    },
    items: [
      jsonItem('verdicts.json', 'verdicts', document),
      jsonItem('environment.json', 'environment', environment),
      { path: `rules/${plainName(list)}`, role: 'rules', content: Buffer.from(text) },
      ...(page === null ? [] : [{ path: 'report.html', role: 'report', content: Buffer.from(page) } as const]),
      ...run.taps,
    ],
  };
}
