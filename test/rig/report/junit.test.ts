import { describe, expect, it } from 'vitest';
import { junitReport, junitSeconds, junitTimestamp } from '../../../rig/report/junit.ts';

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
