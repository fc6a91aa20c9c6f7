import { CannotRun } from '../../console/failure.ts';
import { EXIT, type ExitCode } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import type { TapBenchResult } from '../tap/result.ts';
import { type Comparison, compareResults } from './compare-results.ts';
import { type Effect, LEAST_BLOCKS } from './effect.ts';
import { comparisonLines } from './present.ts';
import { readResultFile } from './result-file.ts';

export interface BaselineComparison {
  readonly comparison: Comparison;
  /** For people, as lines. */
  readonly lines: readonly string[];
  readonly exitCode: ExitCode;
}

/**
 * A result against a saved one.
 * @param failIfSlower share over which a slow-down is a failure, or null
 * @throws {CannotRun} the file is none, or either has too few good taps
 */
export function compareWithBaseline(
  current: TapBenchResult,
  baselineFile: string,
  failIfSlower: number | null,
): BaselineComparison {
  const baseline = readResultFile(baselineFile);
  const comparison = compareResults(baseline, current);
  if (comparison === null) {
    throw new CannotRun(`${baselineFile}: a comparison needs ${LEAST_BLOCKS} good taps on either side`);
  }
  const lines = [
    shown(`Compared with ${baselineFile}, ${baseline.environment.startedAt}`),
    ...comparisonLines(comparison),
  ];
  return { comparison, lines, exitCode: exitOf(comparison.total, failIfSlower) };
}

/** 1 when it is slower, and by more than is allowed. */
export function exitOf({ verdict, ratio }: Effect, failIfSlower: number | null): ExitCode {
  return failIfSlower !== null && verdict === 'slower' && ratio.value > 1 + failIfSlower ? EXIT.fail : EXIT.pass;
}
