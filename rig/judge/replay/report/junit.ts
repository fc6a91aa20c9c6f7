import { junitReport, junitSeconds, junitTimestamp, skipBecause } from '../../../report/junit.ts';
import { asText } from '../value-text.ts';
import { expectationInWords, type ReplayAttempt, type ReplayedTrace, type ReplayReport } from './model.ts';

/** Exchanges that are told of one attempt. */
const MOST_TOLD = 20;

/**
 * A report as JUnit XML, one case a trace: a FAIL is a `failure`, an INCONCLUSIVE an `error`, what was not run is
 * `skipped`; so is a trace in quarantine, whatever it did. All attempts are in its output.
 */
export async function asJunit(report: ReplayReport): Promise<string> {
  const { suite, environment, traces } = report;
  const builder = junitReport();
  const name = `vitap replay ${suite?.name ?? traces[0]?.trace ?? ''}`;
  const node = builder
    .testSuite()
    .name(name)
    .timestamp(junitTimestamp(environment.startedAt))
    .time(junitSeconds(environment.durationMs));
  for (const [key, value] of Object.entries(environment)) node.property(key, String(value ?? ''));
  for (const trace of traces) {
    const { id, title, verdict, reason, attempts, quarantine } = trace;
    const took = attempts.reduce((sum, { summary }) => sum + (summary?.durationNs ?? 0), 0);
    const testCase = node
      .testCase()
      .className(suite?.name ?? 'replay')
      .name(title === null ? id : `${id} ${title}`)
      .time(junitSeconds(took / 1e6));
    if (quarantine !== null && !quarantine.expired)
      skipBecause(testCase, `in quarantine until ${quarantine.until}: ${quarantine.reason}`);
    else if (verdict === 'SKIPPED') skipBecause(testCase, reason ?? 'not run');
    else if (verdict === 'FAIL') testCase.failure(reason ?? 'not as expected');
    else if (verdict === 'INCONCLUSIVE') testCase.error(reason ?? 'could not be judged');
    const output = await outputOf(trace);
    if (output !== '') testCase.standardOutput(output);
  }
  return builder.build();
}

async function outputOf(trace: ReplayedTrace): Promise<string> {
  const { quarantine, attempts, expect, verdict, reason } = trace;
  const lines: string[] = [];
  if (expect.kind !== 'pass') lines.push(`expected to ${expectationInWords(expect)}`);
  if (quarantine !== null) {
    const state = quarantine.expired ? 'quarantine ended' : 'in quarantine until';
    lines.push(`${state} ${quarantine.until}: ${quarantine.reason}`);
    if (!quarantine.expired) lines.push(`its verdict is ${verdict}${reason === null ? '' : `: ${reason}`}`);
  }
  for (const attempt of attempts) {
    const told = await attemptLines(attempt);
    if (attempts.length > 1 || told.length > 0) {
      lines.push(`attempt ${attempt.number}: ${attempt.summary?.verdict ?? 'did not begin'}`, ...told);
    }
  }
  return lines.join('\n');
}

async function attemptLines({ summary, problem, entries }: ReplayAttempt): Promise<string[]> {
  const lines = [...(problem === null ? [] : [problem]), ...(summary?.problem == null ? [] : [summary.problem])];
  lines.push(...(summary?.warnings ?? []));
  let told = 0;
  let more = 0;
  for await (const { index, name, command, verdict, divergence, problem: why, retries } of entries.entries()) {
    if (verdict === 'SKIPPED' || (verdict === 'PASS' && retries === 0)) continue;
    if (told++ >= MOST_TOLD) {
      more++;
      continue;
    }
    const text =
      divergence === null
        ? ''
        : `: ${divergence.where}, expected ${shown(divergence.expected)}, got ${shown(divergence.got)}`;
    const again = retries > 0 ? `, sent ${retries + 1} times` : '';
    lines.push(`${index ?? '-'}. ${verdict} ${name} ${command}${text}${again}${why === null ? '' : ` (${why})`}`);
  }
  if (more > 0) lines.push(`and ${more} more`);
  return lines;
}

function shown(value: string): string {
  const text = asText(value);
  return value === '' ? 'nothing' : text === '' ? value : `${value} "${text}"`;
}
