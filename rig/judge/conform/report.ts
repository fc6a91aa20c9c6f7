import { shown } from '../../console/shown.ts';
import type { ReportEnvironment } from '../../report/environment.ts';
import { counted } from '../../report/words.ts';
import type { Coverage } from './coverage.ts';
import { type CaseResult, countVerdicts, type SuiteAbout, VERDICTS, type Verdict } from './model.ts';

/** A run of a suite, with all that its reports say. */
export interface ConformanceRun {
  readonly suite: SuiteAbout;
  readonly environment: ReportEnvironment;
  /** What the card was declared as. */
  readonly declaration: string;
  /** How the secure channel was opened; absent or null: every case went in clear. */
  readonly channel?: string | null;
  readonly destructive: boolean;
  /** Cases that were to be run. */
  readonly selected: number;
  /** Ended from outside before all of them were run: then the run as a whole has no verdict. */
  readonly interrupted: boolean;
  /** The sentence of the reader, or of its service, whose end ended the run; absent or null: a person did, or nobody. */
  readonly lost?: string | null;
  readonly results: readonly CaseResult[];
  readonly coverage: Coverage;
}

/** How far a run came that was ended, for people. */
export function interruption({ results, selected, lost }: InterruptedRun): string {
  const after = `after ${results.length} of ${counted(selected, 'case')}`;
  return lost == null
    ? `interrupted ${after}; this is no verdict`
    : `the reader was lost ${after} (${lost}); this is no verdict`;
}

type InterruptedRun = Pick<ConformanceRun, 'results' | 'selected' | 'lost'>;

/** `fail` when a case failed, else `inconclusive` when one could not be judged, else `pass`. */
export function verdictOf(results: readonly CaseResult[]): Exclude<Verdict, 'not-applicable'> {
  const counts = countVerdicts(results);
  if (counts.fail > 0) return 'fail';
  return counts.inconclusive > 0 ? 'inconclusive' : 'pass';
}

/** Verdicts as people read them. */
export const WORDS: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  inconclusive: 'INCONCLUSIVE',
  'not-applicable': 'NOT APPLICABLE',
};

/** The run as a JSON document. */
export function asJson(run: ConformanceRun): unknown {
  return {
    id: 'conform',
    verdict: run.interrupted ? 'interrupted' : verdictOf(run.results),
    suite: run.suite.name,
    environment: run.environment,
    declaration: run.declaration,
    ...(run.channel != null && { channel: run.channel }),
    ...(run.lost != null && { lost: run.lost }),
    destructive: run.destructive,
    selected: run.selected,
    run: run.results.length,
    counts: { ...countVerdicts(run.results), linkLimited: linkLimited(run.results) },
    citations: citations(run.results),
    coverage: run.coverage,
    cases: run.results.map(({ reached: _reached, linkError: _linkError, ...result }) => result),
  };
}

/** What a terminal is told at the end; the verdict stands last. @param withCoverage which commands were reached, too */
export function asText(run: ConformanceRun, withCoverage: boolean): string {
  const { suite, environment, results, coverage } = run;
  const counts = countVerdicts(results);
  const lines = [
    `${suite.title}`,
    `${shown(environment.card)}; ${shown(environment.reader)}${environment.protocol === '' ? '' : `, ${environment.protocol}`}; declared as ${shown(run.declaration)}`,
    ...(run.channel == null ? [] : [`inside a secure channel: ${shown(run.channel)}`]),
    '',
  ];
  if (withCoverage) lines.push(...coverageLines(coverage, suite.complete), '');
  for (const verdict of ['fail', 'inconclusive'] as const) {
    for (const result of results.filter((each) => each.verdict === verdict)) {
      lines.push(`${WORDS[verdict]}  ${result.id}  ${result.title}`, `    ${result.reason}`);
    }
  }
  if (counts.fail + counts.inconclusive > 0) lines.push('');
  lines.push(citationsInWords(results));
  const limited = linkLimited(results);
  if (limited > 0)
    lines.push(`${limited} of the NOT APPLICABLE ${limited === 1 ? 'is a limit' : 'are limits'} of this link`);
  lines.push(VERDICTS.map((verdict) => `${counts[verdict]} ${WORDS[verdict]}`).join(', '));
  lines.push(run.interrupted ? shown(interruption(run)) : WORDS[verdictOf(results)], '');
  return lines.join('\n');
}

/** Which commands and status words no case reached; only a suite that means to reach them all is asked. */
function coverageLines({ rows, statusWords, unreachedStatusWords }: Coverage, whole: boolean): string[] {
  const unreached = rows.filter(({ commands }) => commands === 0).map(({ name }) => name);
  const partly = rows.filter(({ commands, unreachedParameters }) => commands > 0 && unreachedParameters.length > 0);
  const reached = `commands reached: ${rows.length - unreached.length} of ${rows.length}`;
  if (!whole) return [reached, `status words reached: ${statusWords.length}`];
  const lines = [unreached.length === 0 ? reached : `${reached}; not ${unreached.join(', ')}`];
  for (const { name, unreachedParameters } of partly) {
    lines.push(`    ${name}: not with P1-P2 that mean ${unreachedParameters.join('; ')}`);
  }
  const missing =
    unreachedStatusWords.length === 0 ? '' : `; of those that the card has, not ${unreachedStatusWords.join(', ')}`;
  lines.push(`status words reached: ${statusWords.length}${missing}`);
  return lines;
}

/** How many cases cite edition and clause, because they were looked up, and how many name their standard alone. */
export function citations(results: readonly CaseResult[]): { readonly clause: number; readonly standardOnly: number } {
  const clause = results.filter((result) => result.clause !== undefined).length;
  return { clause, standardOnly: results.length - clause };
}

/** The same for people. */
export function citationsInWords(results: readonly CaseResult[]): string {
  const { clause, standardOnly } = citations(results);
  return `cases that cite a clause: ${clause}; that name their standard alone: ${standardOnly}`;
}

export function linkLimited(results: readonly CaseResult[]): number {
  return results.filter((result) => result.linkLimited).length;
}
