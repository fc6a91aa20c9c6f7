import { shown } from '../console/shown.ts';
import { junitReport, junitSeconds, junitTimestamp, skipBecause } from '../report/junit.ts';
import type { RowState } from './batch-state.ts';

/** A row at the end of a batch; `open`: it is still to be done. */
export type BatchOutcome = Omit<RowState, 'outcome'> & { readonly outcome: RowState['outcome'] | 'open' };

/** What a board has that is done. */
export function doneInWords({ profile, cardSerial, uid, chip, verified }: BatchOutcome): string {
  const card = profile === null ? [] : [`${profile}, card ${cardSerial}${uid === undefined ? '' : `, UID ${uid}`}`];
  return [...card, ...(chip === undefined ? [] : [`chip ${chip}`]), verified ?? ''].join('; ');
}

/**
 * A batch as JUnit XML, one case a board: a board at fault is a `failure`, an error of the rig an `error`, what is still
 * open `skipped`.
 */
export function batchAsJunit(list: string, rows: readonly BatchOutcome[]): string {
  const report = junitReport();
  const begun = rows
    .map(({ at }) => at)
    .filter((at) => at !== '')
    .sort()[0];
  const suite = report.testSuite().name(`vitap board flash ${shown(list)}`);
  if (begun !== undefined) suite.timestamp(junitTimestamp(begun));
  suite.time(junitSeconds(rows.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0)));
  for (const row of rows) {
    const { serialNumber, board, outcome, reason, durationMs = 0 } = row;
    const node = suite.testCase().className('board.flash').name(shown(serialNumber)).time(junitSeconds(durationMs));
    if (outcome === 'failed') node.failure(shown(reason ?? ''));
    if (outcome === 'error') node.error(shown(reason ?? ''));
    if (outcome === 'open') skipBecause(node, shown(reason ?? 'not done yet'));
    const card = outcome === 'done' ? doneInWords(row) : '';
    node.standardOutput(shown([board ?? '', card].filter((part) => part !== '').join(': ')));
  }
  return report.build();
}
