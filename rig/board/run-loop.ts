import { CannotRun } from '../console/failure.ts';
import { EXIT, type ExitCode, writeJson } from '../console/io.ts';
import { shown } from '../console/shown.ts';
import { type LoopSummary, MOST_ERRORS_IN_A_ROW, summarise, summaryInWords } from './loop.ts';
import { type BoardRecord, type EarlierRecord, type KeptRecord, notInPlace } from './record.ts';
import { EXIT_OF, type Setting, SIGNS, testOnce } from './test-once.ts';
import { writeJunit } from './write-junit.ts';

/** Rounds until there were enough, Ctrl-C, or the rig fails again and again. Each keeps its record. */
export async function runLoop(most: number, setting: Setting): Promise<ExitCode> {
  const { io, options } = setting;
  const records: BoardRecord[] = [];
  const files: (string | null)[] = [];
  let earlier: readonly EarlierRecord[] | null = null;
  let errorsInARow = 0;
  let inRound = false;
  let problem: string | null = null;
  const summed = (): LoopSummary =>
    summarise(records, most === 0 ? null : most, { bySignal: io.signal.aborted, inRound });
  try {
    while ((most === 0 || records.length < most) && errorsInARow < MOST_ERRORS_IN_A_ROW && !io.signal.aborted) {
      const tested = await testOnce(setting, earlier);
      files.push(tested.kept.path);
      inRound = io.signal.aborted;
      if (inRound) break;
      const { record } = tested;
      earlier = [...tested.earlier, record];
      records.push(record);
      errorsInARow = record.verdict === 'error' ? errorsInARow + 1 : 0;
      (io.json ? io.stderr : io.stdout)(roundInWords(records.length, record, tested.kept));
      // Rounds whose records are nowhere would be for nothing.
      problem = tested.kept.problem === null ? null : notInPlace(tested.kept, false);
      if (problem !== null) break;
    }
  } finally {
    const summary = summed();
    if (io.json) writeJson(io, { id: 'board-test-loop', ...summary, records: files });
    else if (files.length > 0) io.stdout(summaryInWords(summary));
    if (options.junit !== null && records.length > 0) await writeJunit(options.junit, records);
  }
  if (problem !== null) throw new CannotRun(problem);
  if (errorsInARow === MOST_ERRORS_IN_A_ROW) {
    io.stderr(`vitap: the loop ended: the rig could not judge the board ${MOST_ERRORS_IN_A_ROW} times in a row\n`);
  }
  const { verdict } = summed();
  return verdict === 'interrupted' ? EXIT.cannotRun : EXIT_OF[verdict];
}

function roundInWords(round: number, { verdict, phases }: BoardRecord, { path }: KeptRecord): string {
  const wrong = phases.filter((each) => each.verdict === 'fail' || each.verdict === 'error');
  const why = wrong.map(({ title, reason }) => `\n         ${title}: ${shown(reason)}`).join('');
  return `${`${round}`.padStart(5)}  ${SIGNS[verdict]}  ${shown(path ?? 'no record')}${why}\n`;
}
