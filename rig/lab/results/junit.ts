import { junitReport, junitSeconds, junitTimestamp } from '../../report/junit.ts';
import type { CampaignSummary } from '../api/campaign.ts';
import type { JudgedRun } from './all-results.ts';

/**
 * A campaign as JUnit: a suite for each run, a test for each case of it; a run without cases is one test. A run that no
 * bench judged is an error, or skipped when it was cancelled or has not ended.
 */
export function campaignJunit(campaign: CampaignSummary, runs: readonly JudgedRun[]): string {
  const report = junitReport();
  for (const { run, statement } of runs) {
    const name = `${run.subject} × ${run.suite} #${run.repetition}`;
    const suite = report.testSuite().name(name);
    suite.property('campaign', `${campaign.id} ${campaign.name}`).property('run', run.id);
    suite.property('attempts', String(run.attempts));
    const classname = `${run.subject}.${run.suite}`;
    if (statement === null) {
      const test = suite.testCase().className(classname).name(name);
      if (run.state === 'error') test.error(run.reason);
      else test.skipped();
      continue;
    }
    suite.timestamp(junitTimestamp(new Date(statement.startedAt).toISOString()));
    suite.property('bench', statement.bench).property('backend', statement.backend);
    if (statement.cases.length === 0) {
      const test = suite.testCase().className(classname).name(name);
      test.time(junitSeconds(Math.max(0, statement.endedAt - statement.startedAt)));
      if (statement.verdict === 'failed') test.failure(statement.reason);
      if (statement.verdict === 'error') test.error(statement.reason);
      continue;
    }
    for (const { id, verdict, reason } of statement.cases) {
      const test = suite.testCase().className(classname).name(id);
      if (verdict === 'fail') test.failure(reason);
      if (verdict === 'inconclusive') test.error(reason);
      if (verdict === 'not-applicable') test.skipped();
    }
    // A run may end as an error after cases that passed.
    if (statement.verdict === 'error') suite.testCase().className(classname).name(name).error(statement.reason);
  }
  return report.build();
}
