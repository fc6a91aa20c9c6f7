/**
 * What a run of all checks amounts to. No I/O here: test.mjs runs the checks and prints.
 *
 * @typedef {{ title: string, reason: string }} Skip
 * @typedef {{ passed: number, failed: string[], skipped: Skip[], unsteady: string[] }} Tally
 * @typedef {{ passed: number, failed: string[], skipped: Skip[] }} FileRecord
 * @typedef {{ files: Record<string, FileRecord>, outside: string[] }} TestRecord as vitest-record.mjs writes it
 * @typedef {{ exitCode: number, record: TestRecord | null }} TestRun null: it wrote nothing
 */

/** More than these is no machine that was busy for a moment. */
const MOST_FILES_AGAIN = 3;

/** A check that either passes or does not: the linter, the types, dead code. */
export function tallyCheck(title, exitCode) {
  return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? [] : [title], skipped: [], unsteady: [] };
}

/**
 * Files that are run once more, by themselves, because a test of theirs failed. None when the failure is of no file, or of
 * too many.
 * @param runs those of one project
 */
export function filesToAskAgain(runs) {
  const files = [];
  for (const { exitCode, record } of runs) {
    if (exitCode === 0) continue;
    if (record === null || record.outside.length > 0) return [];
    const failed = Object.keys(record.files).filter((file) => record.files[file].failed.length > 0);
    if (failed.length === 0) return [];
    files.push(...failed);
  }
  return files.length > MOST_FILES_AGAIN ? [] : files;
}

/**
 * One run of tests.
 * @param again the second run of files that failed, or null; what it says of a file replaces what the first said. A failure
 * that it does not repeat is named as unsteady.
 */
export function tallyTests(title, run, again = null) {
  const { exitCode, record } = run;
  const lost = (words) => ({ passed: 0, failed: [`${title}: ${words}`], skipped: [], unsteady: [] });
  if (record === null) return lost(`did not come to its end (exit ${exitCode})`);
  const tally = { passed: 0, failed: [...record.outside], skipped: [], unsteady: [] };
  let failedFirst = record.outside.length;
  for (const [file, first] of Object.entries(record.files)) {
    const second = first.failed.length > 0 ? again?.record?.files[file] : undefined;
    const last = second ?? first;
    failedFirst += first.failed.length;
    tally.passed += last.passed;
    tally.failed.push(...last.failed);
    tally.skipped.push(...last.skipped);
    if (second !== undefined) tally.unsteady.push(...first.failed.filter((each) => !second.failed.includes(each)));
  }
  if (tally.passed + tally.failed.length + tally.skipped.length === 0) tally.failed.push(`${title}: held no test`);
  else if (exitCode !== 0 && failedFirst === 0)
    tally.failed.push(`${title}: ended with exit ${exitCode} for no test's fault`);
  return tally;
}

/** What the second run gave that is of no file: the files count with the first. */
export function tallyAgain(title, run) {
  const whole = tallyTests(title, run);
  const ofFiles = new Set(Object.values(run.record?.files ?? {}).flatMap(({ failed }) => failed));
  return { passed: 0, failed: whole.failed.filter((each) => !ofFiles.has(each)), skipped: [], unsteady: [] };
}

/**
 * @param tallies what each check gave
 * @param strict on CI: what could not run here is a failure
 * @returns lines to print, the last of them `N passed, N failed` (`, N skipped`), and the exit code
 */
export function summarise(tallies, strict) {
  const passed = tallies.reduce((sum, each) => sum + each.passed, 0);
  const failed = tallies.flatMap((each) => each.failed);
  const skipped = tallies.flatMap((each) => each.skipped);
  const unsteady = tallies.flatMap((each) => each.unsteady);
  const lines = [];
  if (skipped.length > 0) {
    lines.push(strict ? 'Did not run, which is a failure here (CI=true):' : 'Did not run:');
    for (const { title, reason } of skipped) lines.push(`  ${title}`, `      ${reason}`);
    lines.push('');
  }
  if (unsteady.length > 0) {
    lines.push('Failed first, and passed when its file was run again by itself:', ...unsteady.map(indented), '');
  }
  if (failed.length > 0) lines.push('Failed:', ...failed.map(indented), '');
  const failures = failed.length + (strict ? skipped.length : 0);
  const tail = !strict && skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  lines.push(`${passed} passed, ${failures} failed${tail}`);
  return { lines, exitCode: failures === 0 ? 0 : 1 };
}

function indented(title) {
  return `  ${title}`;
}
