import { describe, expect, it } from 'vitest';
import { junitReport, junitSeconds, junitTimestamp, skipBecause } from '../../../rig/report/junit.ts';

describe('a test that was skipped', () => {
  it('says why, as text', () => {
    const report = junitReport();
    const suite = report.testSuite().name('s');
    skipBecause(suite.testCase().className('c').name('a'), 'no "EF" <here> & there');
    suite.testCase().className('c').name('b').standardOutput('skipped');
    skipBecause(suite.testCase().className('c').name('d').standardOutput('out'), '');
    const xml = report.build();
    expect(xml.match(/<skipped/g)).toHaveLength(2);
    expect(xml).toContain('<skipped message="no &quot;EF&quot; &lt;here> &amp; there"/>');
    expect(xml).toContain('<skipped/>');
    expect(xml).toContain('tests="3" failures="0" errors="0" skipped="2"');
  });
});

describe('times in JUnit', () => {
  it.each([
    [0.0004, 0],
    [0.0006, 0.000001],
    [1234.5678, 1.234568],
    [3_600_000, 3600],
  ])('%s ms are %s s, without an exponent', (ms, seconds) => {
    expect(junitSeconds(ms)).toBe(seconds);
    expect(`${junitSeconds(ms)}`).not.toContain('e');
  });

  it('the timestamp is UTC wherever this runs, and has no zone', () => {
    const before = process.env.TZ;
    process.env.TZ = 'Asia/Tokyo';
    try {
      const report = junitReport();
      report.testSuite().timestamp(junitTimestamp('2026-11-23T12:16:02.000Z'));
      expect(report.build()).toContain('timestamp="2026-11-23T12:16:02"');
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});
