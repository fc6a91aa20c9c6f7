import { junitReport, junitSeconds, junitTimestamp, skipBecause } from '../../report/junit.ts';
import type { CaseResult } from './model.ts';
import { type ConformanceRun, interruption } from './report.ts';

/**
 * The run as JUnit XML: a failed case is a `failure`, an inconclusive one an `error` (the bench could not judge), one
 * that is not applicable is `skipped`; the reason is its message, and stands in its output.
 */
export function asJunit(run: ConformanceRun): string {
  const { suite, environment, results, selected, interrupted } = run;
  const report = junitReport();
  const node = report
    .testSuite()
    .name(`vitap conform ${suite.name}`)
    .timestamp(junitTimestamp(environment.startedAt))
    .time(junitSeconds(environment.durationMs));
  for (const [name, value] of Object.entries(environment)) node.property(name, String(value ?? ''));
  node.property('cases', `${results.length} of ${selected} run`);
  if (interrupted) node.testCase().className(`${suite.name}.run`).name('the run').error(interruption(run));
  for (const result of results) {
    const testCase = node
      .testCase()
      .className(`${suite.name}.${result.id.split('-')[0]}`)
      .name(`${result.id} ${result.title}`)
      .time(junitSeconds(result.durationMs));
    if (result.verdict === 'fail') testCase.failure(result.reason);
    if (result.verdict === 'inconclusive') testCase.error(result.reason);
    if (result.verdict === 'not-applicable') skipBecause(testCase, result.reason);
    const output = outputOf(result);
    if (output !== '') testCase.standardOutput(output);
  }
  return report.build();
}

function outputOf({ verdict, reason, steps }: CaseResult): string {
  if (verdict === 'pass') return '';
  const exchanges = steps.map(({ words, command, response, expected }, i) =>
    command === '' ? `${i + 1}. ${words}` : `${i + 1}. ${words}: ${command} -> ${response} (${expected})`,
  );
  return [reason, ...exchanges].join('\n');
}
