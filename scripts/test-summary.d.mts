export interface Skip {
  title: string;
  reason: string;
}
export interface Tally {
  passed: number;
  failed: string[];
  skipped: Skip[];
  /** Failed first, and passed when it was asked again. */
  unsteady: string[];
}
export interface FileRecord {
  passed: number;
  failed: string[];
  skipped: Skip[];
}
export interface TestRecord {
  files: Record<string, FileRecord>;
  outside: string[];
}
export interface TestRun {
  exitCode: number;
  record: TestRecord | null;
}
export declare function tallyCheck(title: string, exitCode: number): Tally;
export declare function filesToAskAgain(runs: readonly TestRun[]): string[];
export declare function tallyTests(title: string, run: TestRun, again?: TestRun | null): Tally;
export declare function tallyAgain(title: string, run: TestRun): Tally;
export declare function summarise(tallies: readonly Tally[], strict: boolean): { lines: string[]; exitCode: number };
