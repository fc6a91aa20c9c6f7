import loaded, { type Builder } from 'junit-report-builder';
import type { CaseResult } from './model.ts';
import { type ConformanceRun, interruption } from './report.ts';

/** The package's types describe an ES module; what a CommonJS import gives is the builder itself. */
const reportBuilder = loaded as unknown as Builder;

/**
 * The run as JUnit XML: a failed case is a `failure`, an inconclusive one an `error` (the bench could not judge), one
 * that is not applicable is `skipped`; the reason is in its output.
 */
export function asJunit({ suite, environment, results, selected, interrupted }: ConformanceRun): string {
  const report = reportBuilder.newBuilder();
  const node = report
    .testSuite()
    .name(`vitap conform ${suite.name}`)
    .timestamp(new Date(environment.startedAt))
    .time(environment.durationMs / 1000);
  for (const [name, value] of Object.entries(environment)) node.property(name, String(value ?? ''));
  node.property('cases', `${results.length} of ${selected} run`);
  if (interrupted)
    node.testCase().className(`${suite.name}.run`).name('the run').error(interruption(results.length, selected));
  for (const result of results) {
    const testCase = node
      .testCase()
      .className(`${suite.name}.${result.id.split('-')[0]}`)
      .name(`${result.id} ${result.title}`);
    if (result.verdict === 'fail') testCase.failure(result.reason);
    if (result.verdict === 'inconclusive') testCase.error(result.reason);
    if (result.verdict === 'not-applicable') testCase.skipped();
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
