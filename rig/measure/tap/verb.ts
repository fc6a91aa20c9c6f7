import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { type BaselineComparison, compareWithBaseline } from '../compare/baseline.ts';
import { readResultFile } from '../compare/result-file.ts';
import { benchTap } from './bench-tap.ts';
import { tapsAsCsv } from './csv.ts';
import type { BenchTapOptions } from './options.ts';
import type { TapBenchResult } from './result.ts';
import { verdictSentence } from './verdict-sentence.ts';

/** Files that are written when the taps are done. */
export interface BenchTapOutputs {
  readonly save: string | null;
  /** `-` for standard output. */
  readonly csv: string | null;
  readonly html: string | null;
  /** A saved result to compare with. */
  readonly baseline: string | null;
  /** Share over which a slow-down is a failure. */
  readonly failIfSlower: number | null;
}

/**
 * `vitap bench tap`: taps, then says and writes what came of it.
 * @throws {CannotRun} an option that this link cannot have, or no such baseline; {HalError} no reader, or `storage`
 */
export async function runBenchTap(
  options: BenchTapOptions,
  outputs: BenchTapOutputs,
  io: CommandIo,
): Promise<ExitCode> {
  const { save, csv, html, baseline, failIfSlower } = outputs;
  // What cannot be read or written is said before minutes of taps, not after.
  for (const path of [save, csv, html]) if (path !== null && path !== '-') checkFolder(path);
  if (baseline !== null) compareWithBaseline(readResultFile(baseline), baseline, null);
  const { result, exit } = await benchTap(options, io);
  // First what cannot be had again.
  if (save !== null) write(save, `${JSON.stringify(result)}\n`);
  if (csv !== null && csv !== '-') write(csv, tapsAsCsv(result));
  const compared = baseline === null ? null : compare(result, baseline, failIfSlower, io);
  if (html !== null) {
    const { tapHtml } = await import('../tap-report/html.ts');
    write(html, await tapHtml(result, compared?.comparison ?? null));
  }
  if (io.json) writeJson(io, compared === null ? result : { ...result, comparison: compared.comparison });
  else if (csv === '-') io.stdout(tapsAsCsv(result));
  else {
    const { tapSummary } = await import('../tap-report/summary.ts');
    io.stdout(tapSummary(result));
    if (compared !== null) io.stdout(`\n${compared.lines.join('\n')}\n`);
  }
  io.stderr(`${verdictSentence(result)}\n`);
  if (exit !== EXIT.pass || baseline === null) return exit;
  return compared?.exitCode ?? EXIT.cannotRun;
}

/** Null when too few taps were good: what was measured is said all the same. */
function compare(
  result: TapBenchResult,
  baseline: string,
  failIfSlower: number | null,
  io: CommandIo,
): BaselineComparison | null {
  try {
    return compareWithBaseline(result, baseline, failIfSlower);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    io.stderr(`${error.message}\n`);
    return null;
  }
}

function checkFolder(path: string): void {
  const folder = dirname(resolve(path));
  if (!existsSync(folder)) throw new CannotRun(`cannot write ${path}: there is no folder ${folder}`);
}

function write(path: string, text: string): void {
  replaceFile(path, [Buffer.from(text)]);
}
