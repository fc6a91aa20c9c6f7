export interface Tally {
  passed: number;
  failed: string[];
  skipped: { title: string; reason: string }[];
}
export declare function tallyCheck(title: string, exitCode: number): Tally;
export declare function tallyTests(title: string, exitCode: number, record: Tally | null): Tally;
export declare function summarise(tallies: readonly Tally[], strict: boolean): { lines: string[]; exitCode: number };
