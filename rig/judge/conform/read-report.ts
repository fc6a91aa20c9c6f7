import type { ReportEnvironment } from '../../report/environment.ts';
import type { Coverage } from './coverage.ts';
import type { CaseResult } from './model.ts';
import type { ConformanceRun } from './report.ts';
import { SUITE_ABOUT } from './suites/about.ts';

/** What the JSON document of a run has; its schema is docs/schemas/conform.schema.json. */
interface ConformDocument {
  readonly verdict: string;
  readonly suite: string;
  readonly environment: ReportEnvironment;
  readonly declaration: string;
  readonly channel?: string;
  readonly lost?: string;
  readonly destructive: boolean;
  readonly selected: number;
  readonly coverage: Coverage;
  readonly cases: readonly Omit<CaseResult, 'reached'>[];
}

/** Whether a JSON document says that it is that of `vitap conform`. */
export function isConformDocument(document: { readonly id?: unknown }): boolean {
  return document.id === 'conform';
}

/** A run as reports take it, from its JSON document: the inverse of `asJson`. A suite of another vitap has no titles. */
export function conformanceRunOf(document: unknown): ConformanceRun {
  const { suite, verdict, environment, declaration, channel, lost, destructive, selected, coverage, cases } =
    document as ConformDocument;
  const about = Object.values(SUITE_ABOUT).find(({ name }) => name === suite);
  return {
    suite: about ?? { name: suite, title: suite, groups: {}, complete: false },
    environment,
    declaration,
    channel: channel ?? null,
    destructive,
    selected,
    interrupted: verdict === 'interrupted',
    lost: lost ?? null,
    results: cases.map((each) => ({ ...each, reached: [] })),
    coverage,
  };
}
