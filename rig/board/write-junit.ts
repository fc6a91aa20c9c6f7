import { writeReportFile } from '../report/report-file.ts';
import type { BoardRecord } from './record.ts';

/** Tests as JUnit XML; what makes it is loaded when somebody asks for it. @throws {CannotRun}, {HalError} `storage` */
export async function writeJunit(file: string, records: readonly BoardRecord[]): Promise<void> {
  writeReportFile(file, (await import('./junit.ts')).asJunit(records));
}
