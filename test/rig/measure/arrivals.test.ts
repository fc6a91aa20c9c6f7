import { describe, expect, it } from 'vitest';
import { ARRIVAL_PATTERNS, type ArrivalPattern, arrivals, TRAIN_SECONDS } from '../../../rig/measure/arrivals.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';

const times = (pattern: ArrivalPattern, taps = 20_000, perSecond = 1000, seed = 'a') =>
  arrivals(pattern, taps, perSecond, new SeededRandom(seed));

describe('arrivals', () => {
  it.each(ARRIVAL_PATTERNS)('%s: in ascending order, at the rate asked for', (pattern) => {
    const all = times(pattern);
    expect(all).toHaveLength(20_000);
    expect(all.every((time, i) => time >= 0 && (i === 0 || time >= (all[i - 1] as number)))).toBe(true);
    // 20 s at 1000 a second; a walk or a gap may reach a little over it.
    expect(all.at(-1)).toBeGreaterThan(19_000);
    expect(all.at(-1)).toBeLessThan(23_000);
  });

  it.each(['waiting-room', 'turnstile'] as const)('%s: the seed says when', (pattern) => {
    expect(times(pattern, 500)).toEqual(times(pattern, 500));
    expect(times(pattern, 500)).not.toEqual(times(pattern, 500, 1000, 'b'));
  });

  it('even: the same distance apart', () => {
    expect([...times('even', 4, 100)]).toEqual([0, 10, 20, 30]);
  });

  it('waiting-room: gaps of a Poisson process, whose mean and standard deviation are the same', () => {
    const all = times('waiting-room');
    const gaps = [...all].map((time, i) => time - (all[i - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(mean).toBeCloseTo(1, 1);
    expect(deviation / mean).toBeCloseTo(1, 1);
  });

  it('turnstile: most come in the first quarter after a train', () => {
    const period = TRAIN_SECONDS * 1000;
    const early = [...times('turnstile')].filter((time) => time % period < period / 4);
    // 80 % by train, of whom 1 − e⁻² walk that fast, and a quarter of the others.
    expect(early.length / 20_000).toBeCloseTo(0.8 * (1 - Math.exp(-2)) + 0.2 / 4, 1);
  });
});
