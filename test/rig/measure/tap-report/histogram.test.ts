import { describe, expect, it } from 'vitest';
import { endOfBulk, histogramLines } from '../../../../rig/measure/tap-report/histogram.ts';
import { digits, unitFor } from '../../../../rig/measure/tap-report/units.ts';

const counts = (lines: readonly string[]): number[] => lines.map((line) => Number(/ (\d+)$/.exec(line)![1]));

describe('a histogram in the terminal', () => {
  it('has twelve bars of the same width, each with its count', () => {
    // 1 to 12 ms: one value a bin of (12 − 1) / 12 ms, the last two bins' edge being the largest value.
    const lines = histogramLines(Array.from({ length: 12 }, (_, i) => (i + 1) * 1e6));
    expect(counts(lines)).toEqual(new Array(12).fill(1));
    expect(lines[0]).toMatch(/^ +1\.00 ms █{40} 1$/);
    expect(lines[1]).toMatch(/^ +1\.92 ms /);
  });

  it('draws bars as long as their counts, to an eighth', () => {
    const lines = histogramLines([...new Array(160).fill(1e6), ...new Array(81).fill(2e6)]);
    expect(lines[0]).toMatch(/█{40} 160$/);
    // 81 of 160 of 40 blocks: 20.25, so twenty and two eighths.
    expect(lines.at(-1)).toMatch(/ █{20}▎ 81$/);
  });

  it('puts a few long ones into a bar of their own instead of pressing the others together', () => {
    const values = [...Array.from({ length: 100 }, (_, i) => 1e6 + i * 1e4), 90e6, 95e6];
    const lines = histogramLines(values);
    expect(lines).toHaveLength(13);
    expect(lines.at(-1)).toMatch(/^ +over .* 2$/);
    expect(counts(lines).reduce((sum, each) => sum + each)).toBe(102);
  });

  it.each([
    ['one value', [5e6]],
    ['all alike', [7e6, 7e6, 7e6]],
    ['all alike but one', [100, 100, 100, 100, 101]],
    ['two far apart', [1e3, 9e9]],
  ])('of %s counts each once', (_, values) => {
    const lines = histogramLines(values);
    expect(counts(lines).reduce((sum, each) => sum + each)).toBe(values.length);
    expect(counts(lines).every((count) => count >= 0)).toBe(true);
  });

  it('has one bar where there is one value, and none that is empty', () => {
    expect(histogramLines([5e6])).toEqual([expect.stringMatching(/^ +5\.00 ms █{40} 1$/)]);
    expect(histogramLines([7e6, 7e6, 7e6])).toEqual([expect.stringMatching(/^ +7\.00 ms █{40} 3$/)]);
    // The fence of four alike and one longer is at those four.
    const lines = histogramLines([100, 100, 100, 100, 101]);
    expect(counts(lines)).toEqual([4, 1]);
  });

  it('ends at the outer fence, or at the largest value under it', () => {
    // Quartiles of 0 to 100 are 25 and 75: the fence would be at 75 + 3 · 50.
    const values = Array.from({ length: 101 }, (_, i) => i);
    expect(endOfBulk(values)).toBe(100);
    // The 26th and the 77th of 102 values, 25 and 76: the fence is at 76 + 3 · 51.
    expect(endOfBulk([...values, 1000])).toBe(229);
  });
});

describe('times in words', () => {
  it.each([
    [999_999, 'µs'],
    [1_000_000, 'ms'],
    [-2_000_000, 'ms'],
  ])('%i ns read well in %s', (ns, unit) => expect(unitFor(ns).name).toBe(unit));

  it.each([
    [123.4, '123'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0, '0.00'],
  ])('%f is %s', (value, text) => expect(digits(value)).toBe(text));
});
