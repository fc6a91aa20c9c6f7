import { junitReport, junitSeconds, junitTimestamp, skipBecause } from '../../report/junit.ts';
import type { CampaignSummary } from '../api/campaign.ts';
import { type JudgedRun, timesOf } from './all-results.ts';

/** Tests of a JUnit report, as its root counts them. */
interface JunitCounts {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
}

const NONE: JunitCounts = { tests: 0, failures: 0, errors: 0, skipped: 0 };
const START = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ';
const END = '</testsuites>\n';
/** As the package writes a report of one suite. */
const WHOLE =
  /<testsuites tests="(?<tests>\d+)" failures="(?<failures>\d+)" errors="(?<errors>\d+)" skipped="(?<skipped>\d+)">\n(?<suite>.*)<\/testsuites>\s*$/s;

/**
 * A campaign as JUnit, run by run, so that one of any size can be written: a suite for each run, a test for each case of it; a
 * run without cases is one test. A run that no bench judged is an error, or skipped when it was cancelled or has not ended.
 */
export class CampaignJunit {
  readonly #campaign: CampaignSummary;
  #counts = NONE;

  constructor(campaign: CampaignSummary) {
    this.#campaign = campaign;
  }

  /** @returns the suite of a run */
  suite(judged: JudgedRun): string {
    const report = junitReport();
    addSuite(report, this.#campaign, judged);
    const { suite, ...counts } = partsOf(report.build());
    for (const name of ['tests', 'failures', 'errors', 'skipped'] as const) {
      this.#counts = { ...this.#counts, [name]: this.#counts[name] + Number(counts[name]) };
    }
    return suite;
  }

  /** What stands before and after the suites that were made. */
  frame(): { readonly start: string; readonly end: string } {
    const { tests, failures, errors, skipped } = this.#counts;
    const counts = `tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
    return { start: `${START}${counts}>\n`, end: END };
  }
}

type Parts = { readonly [Name in 'suite' | keyof JunitCounts]: string };

function partsOf(xml: string): Parts {
  const { groups } = WHOLE.exec(xml) ?? {};
  if (groups === undefined) throw new Error('the JUnit package writes its root in another way');
  return groups as Parts;
}

function addSuite(report: ReturnType<typeof junitReport>, campaign: CampaignSummary, judged: JudgedRun): void {
  const { run, attempts, statement } = judged;
  const name = `${run.subject} × ${run.suite} #${run.repetition}`;
  const suite = report.testSuite().name(name);
  suite.property('campaign', `${campaign.id} ${campaign.name}`).property('run', run.id);
  suite.property('attempts', String(run.attempts));
  for (const { number, bench, state, reason } of attempts) {
    if (state === 'given-back' || state === 'late')
      suite.property(`attempt ${number}`, `given back by ${bench}: ${reason}`);
  }
  const classname = `${run.subject}.${run.suite}`;
  if (statement === null) {
    const test = suite.testCase().className(classname).name(name);
    if (run.state === 'error') test.error(run.reason);
    else skipBecause(test, run.reason === '' ? `the run is ${run.state}` : run.reason);
    return;
  }
  const times = timesOf(judged);
  if (times !== null) suite.timestamp(junitTimestamp(new Date(times.startedAt).toISOString()));
  suite.property('bench', statement.bench).property('backend', statement.backend);
  if (statement.cases.length === 0) {
    const test = suite.testCase().className(classname).name(name);
    if (times !== null) test.time(junitSeconds(times.endedAt - times.startedAt));
    if (statement.verdict === 'failed') test.failure(statement.reason);
    if (statement.verdict === 'error') test.error(run.reason);
    return;
  }
  for (const { id, verdict, reason } of statement.cases) {
    const test = suite.testCase().className(classname).name(id);
    if (verdict === 'fail') test.failure(reason);
    if (verdict === 'inconclusive') test.error(reason);
    if (verdict === 'not-applicable') skipBecause(test, reason);
  }
  // A run may end as an error after cases that passed.
  if (statement.verdict === 'error') suite.testCase().className(classname).name(name).error(run.reason);
}
