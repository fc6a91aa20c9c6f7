import type { Builder } from 'junit-report-builder';
import { shown } from '../console/shown.ts';
import { junitReport, junitSeconds, junitTimestamp, skipBecause } from '../report/junit.ts';
import { limitsInWords, valueInWords } from './measurement.ts';
import type { BoardRecord } from './record.ts';
import { isNoRepair } from './repairs.ts';

/**
 * Tests of boards as JUnit XML, a suite for each and a case for each phase: a FAIL of the board is a `failure`, an ERROR
 * of the rig an `error`, what was not run is `skipped`; the measurements are in the output.
 */
export function asJunit(records: readonly BoardRecord[]): string {
  const report = junitReport();
  for (const record of records) addSuite(report, record);
  return report.build();
}

function addSuite(report: Builder, record: BoardRecord): void {
  const { board, station, startedAt, endedAt } = record;
  const who = shown(board.serialNumber ?? board.identity.key);
  const suite = report
    .testSuite()
    .name(`vitap board test ${who}`)
    .timestamp(junitTimestamp(startedAt))
    .time(junitSeconds(Date.parse(endedAt) - Date.parse(startedAt)));
  const properties = {
    verdict: record.verdict,
    backend: record.backend,
    complete: record.complete,
    board: board.name,
    identity: board.identity.key,
    serialNumber: board.serialNumber,
    station: station.host,
    operator: record.operator,
    program: record.program,
    startedAt,
    limits: record.stationLimits === null ? 'of the program' : record.stationLimits.file,
  };
  for (const [name, value] of Object.entries(properties)) suite.property(name, shown(String(value ?? '')));
  for (const { id, title, verdict, reason, durationMs, measurements } of record.phases) {
    const node = suite.testCase().className(`board.${id}`).name(title).time(junitSeconds(durationMs));
    if (verdict === 'fail') node.failure(shown(reason));
    if (verdict === 'error') node.error(shown(reason));
    if (verdict === 'skipped') skipBecause(node, shown(reason));
    const lines = measurements
      .filter((each) => each.value !== null && !isNoRepair(each))
      .map((each) => shown(`${each.what}: ${valueInWords(each)} (${limitsInWords(each)})`));
    const output = verdict === 'skipped' ? [shown(reason)] : lines;
    if (output.length > 0) node.standardOutput(output.join('\n'));
  }
}
