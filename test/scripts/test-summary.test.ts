import { describe, expect, it } from 'vitest';
import {
  type FileRecord,
  filesToAskAgain,
  summarise,
  type Tally,
  type TestRun,
  tallyAgain,
  tallyCheck,
  tallyTests,
} from '../../scripts/test-summary.mjs';

const tally = (
  passed: number,
  failed: string[] = [],
  skipped: Tally['skipped'] = [],
  unsteady: string[] = [],
): Tally => ({ passed, failed, skipped, unsteady });
const skip = { title: 'interop/opensc.test.ts > reads', reason: 'opensc-tool is not installed' };
const file = (passed: number, failed: string[] = [], skipped: Tally['skipped'] = []): FileRecord => ({
  passed,
  failed,
  skipped,
});
const run = (exitCode: number, files: Record<string, FileRecord> | null, outside: string[] = []): TestRun => ({
  exitCode,
  record: files === null ? null : { files, outside },
});

describe('the last line of npm test', () => {
  it.each([
    ['all passed', [tally(1), tally(41)], false, '42 passed, 0 failed', 0],
    ['one failed', [tally(1), tally(40, ['x'])], false, '41 passed, 1 failed', 1],
    ['one failed first', [tally(41, [], [], ['x'])], true, '41 passed, 0 failed', 0],
    ['one did not run', [tally(40, [], [skip])], false, '40 passed, 0 failed, 1 skipped', 0],
    ['one did not run, on CI', [tally(40, [], [skip])], true, '40 passed, 1 failed', 1],
    ['nothing at all', [], false, '0 passed, 0 failed', 0],
  ])('%s', (_title, tallies, strict, last, exitCode) => {
    const summary = summarise(tallies, strict);
    expect(summary.lines.at(-1)).toBe(last);
    expect(summary.exitCode).toBe(exitCode);
  });

  it('comes after the names of what did not run and why, of what passed at the second time, and of what failed', () => {
    const { lines } = summarise([tally(1, ['lint'], [skip], ['a.test.ts > b'])], false);
    expect(lines).toEqual([
      'Did not run:',
      '  interop/opensc.test.ts > reads',
      '      opensc-tool is not installed',
      '',
      'Failed first, and passed when its file was run again by itself:',
      '  a.test.ts > b',
      '',
      'Failed:',
      '  lint',
      '',
      '1 passed, 1 failed, 1 skipped',
    ]);
  });
});

describe('what one step counts for', () => {
  it('counts a check as one', () => {
    expect(tallyCheck('lint', 0)).toEqual(tally(1));
    expect(tallyCheck('lint', 1)).toEqual(tally(0, ['lint']));
  });

  it.each([
    ['passes', run(0, { a: file(1), b: file(2) }), tally(3)],
    ['crashed before its end', run(139, null), tally(0, ['unit: did not come to its end (exit 139)'])],
    ['crashed after its end', run(139, { a: file(3) }), tally(3, ["unit: ended with exit 139 for no test's fault"])],
    ['found no test', run(1, {}), tally(0, ['unit: held no test'])],
    ['failed', run(1, { a: file(2, ['a > b']) }), tally(2, ['a > b'])],
    ['failed outside of its files', run(1, { a: file(2) }, ['gone']), tally(2, ['gone'])],
    ['only skipped', run(0, { a: file(0, [], [skip]) }), tally(0, [], [skip])],
  ])('a project that %s', (_title, first, expected) => {
    expect(tallyTests('unit', first)).toEqual(expected);
  });
});

describe('a file that failed', () => {
  const first = run(1, { a: file(2, ['a > b', 'a > c']), d: file(5) });

  it.each([
    ['is run again', [first, run(0, { e: file(1) })], ['a']],
    ['is run again with that of another part', [first, run(1, { e: file(0, ['e']) })], ['a', 'e']],
    ['is not, where too many failed', [run(1, Object.fromEntries([...'wxyz'].map((x) => [x, file(0, [x])])))], []],
    ['is not, where something failed that is of no file', [run(1, { a: file(0, ['a']) }, ['gone'])], []],
    ['is not, where the run broke', [first, run(139, null)], []],
    ['is not, where a run ended badly for no test’s fault', [first, run(1, { e: file(1) })], []],
    ['is none', [run(0, { e: file(1) })], []],
  ])('%s', (_title, runs, files) => {
    expect(filesToAskAgain(runs)).toEqual(files);
  });

  it.each([
    ['passed then', run(0, { a: file(4) }), tally(9, [], [], ['a > b', 'a > c'])],
    ['failed again', run(1, { a: file(2, ['a > b', 'a > c']) }), tally(7, ['a > b', 'a > c'])],
    ['failed elsewhere', run(1, { a: file(3, ['a > x']) }), tally(8, ['a > x'], [], ['a > b', 'a > c'])],
    ['broke', run(139, null), tally(7, ['a > b', 'a > c'])],
    ['was not found', run(1, {}), tally(7, ['a > b', 'a > c'])],
  ])('counts as it %s', (_title, again, expected) => {
    expect(tallyTests('unit', first, again)).toEqual(expected);
  });

  it.each([
    ['nothing of its own', run(1, { a: file(1, ['a > b']) }), []],
    ['that it broke', run(139, null), ['again: did not come to its end (exit 139)']],
    ['what is of no file', run(1, { a: file(1) }, ['gone']), ['gone']],
    ['a bad end', run(1, { a: file(4) }), ["again: ended with exit 1 for no test's fault"]],
  ])('run again adds %s', (_title, again, failed) => {
    expect(tallyAgain('again', again)).toEqual(tally(0, failed));
  });
});
