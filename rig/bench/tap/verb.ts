import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { type CommandIo, type ExitCode, writeJson } from '../../cli/io.ts';
import { verdictSentence } from './answer.ts';
import { type BenchTapOptions, benchTap } from './bench-tap.ts';
import { tapsAsCsv } from './csv.ts';
import type { TapBenchResult } from './result.ts';

/** Files that are written when the taps are done. */
export interface BenchTapOutputs {
  readonly save: string | null;
  readonly csv: string | null;
  readonly html: string | null;
  readonly baseline: string | null;
  readonly failIfSlower: number | null;
}

/** `vitap bench tap`: taps, then says and writes what came of it. */
export async function runBenchTap(options: BenchTapOptions, outputs: BenchTapOutputs, io: CommandIo): Promise<ExitCode> {
  const { result, exit } = await benchTap(options, io);
  // First what cannot be had again.
  if (outputs.save !== null) write(outputs.save, `${JSON.stringify(result)}\n`);
  if (outputs.csv !== null && outputs.csv !== '-') write(outputs.csv, tapsAsCsv(result));
  if (io.json) writeJson(io, result);
  else if (outputs.csv === '-') io.stdout(tapsAsCsv(result));
  else io.stdout(summary(result));
  if (result.verdict !== 'pass') io.stderr(`${verdictSentence(result)}\n`);
  return exit;
}

function summary(result: TapBenchResult): string {
  return `${result.answer}\n${result.diagnosis.findings.map((each) => `${each.verdict} ${each.detail}`).join('\n')}\n`;
}

function write(path: string, text: string): void {
  replaceFile(path, [Buffer.from(text)]);
}
