/**
 * What a run of all checks amounts to. No I/O here: test.mjs runs the checks and prints.
 *
 * @typedef {{ passed: number, failed: string[], skipped: { title: string, reason: string }[] }} Tally
 */

/** A check that either passes or does not: the linter, the types, dead code. */
export function tallyCheck(title, exitCode) {
  return exitCode === 0 ? { passed: 1, failed: [], skipped: [] } : { passed: 0, failed: [title], skipped: [] };
}

/**
 * One project of tests.
 * @param record what vitest-record.mjs wrote, or null when it wrote nothing
 */
export function tallyTests(title, exitCode, record) {
  if (record === null)
    return { passed: 0, failed: [`${title}: did not come to its end (exit ${exitCode})`], skipped: [] };
  const failed = [...record.failed];
  if (record.passed + failed.length + record.skipped.length === 0) failed.push(`${title}: held no test`);
  else if (exitCode !== 0 && failed.length === 0)
    failed.push(`${title}: ended with exit ${exitCode} for no test's fault`);
  return { passed: record.passed, failed, skipped: record.skipped };
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
  const lines = [];
  if (skipped.length > 0) {
    lines.push(strict ? 'Did not run, which is a failure here (CI=true):' : 'Did not run:');
    for (const { title, reason } of skipped) lines.push(`  ${title}`, `      ${reason}`);
    lines.push('');
  }
  if (failed.length > 0) {
    lines.push('Failed:', ...failed.map((title) => `  ${title}`), '');
  }
  const failures = failed.length + (strict ? skipped.length : 0);
  const tail = !strict && skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  lines.push(`${passed} passed, ${failures} failed${tail}`);
  return { lines, exitCode: failures === 0 ? 0 : 1 };
}
