import { describe, expect, it } from 'vitest';
import { summarise, type Tally, tallyCheck, tallyTests } from '../../scripts/test-summary.mjs';

const tally = (passed: number, failed: string[] = [], skipped: Tally['skipped'] = []): Tally => ({
  passed,
  failed,
  skipped,
});
const skip = { title: 'interop/opensc.test.ts > reads', reason: 'opensc-tool is not installed' };

describe('the last line of npm test', () => {
  it.each([
    ['all passed', [tally(1), tally(41)], false, '42 passed, 0 failed', 0],
    ['one failed', [tally(1), tally(40, ['x'])], false, '41 passed, 1 failed', 1],
    ['one did not run', [tally(40, [], [skip])], false, '40 passed, 0 failed, 1 skipped', 0],
    ['one did not run, on CI', [tally(40, [], [skip])], true, '40 passed, 1 failed', 1],
    ['nothing at all', [], false, '0 passed, 0 failed', 0],
  ])('%s', (_title, tallies, strict, last, exitCode) => {
    const summary = summarise(tallies, strict);
    expect(summary.lines.at(-1)).toBe(last);
    expect(summary.exitCode).toBe(exitCode);
  });

  it('comes after the names of what did not run and why, and of what failed', () => {
    const { lines } = summarise([tally(1, ['lint'], [skip])], false);
    expect(lines).toEqual([
      'Did not run:',
      '  interop/opensc.test.ts > reads',
      '      opensc-tool is not installed',
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
    ['passes', 0, tally(3), tally(3)],
    ['crashed before its end', 139, null, tally(0, ['unit: did not come to its end (exit 139)'])],
    ['crashed after its end', 139, tally(3), tally(3, ["unit: ended with exit 139 for no test's fault"])],
    ['found no test', 1, tally(0), tally(0, ['unit: held no test'])],
    ['failed', 1, tally(2, ['a.test.ts > b']), tally(2, ['a.test.ts > b'])],
    ['only skipped', 0, tally(0, [], [skip]), tally(0, [], [skip])],
  ])('a project that %s', (_title, exitCode, record, expected) => {
    expect(tallyTests('unit', exitCode, record)).toEqual(expected);
  });
});
