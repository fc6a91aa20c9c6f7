import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLimits, stationLimits, withLimits } from '../../../rig/board/limits.ts';
import { judgeMeasurement, limitsInWords } from '../../../rig/board/measurement.ts';
import { PN532_PHASES } from '../../../rig/board/phases/index.ts';

const parse = (text: string) => parseLimits(text, 'limits.yaml', PN532_PHASES);
const planOf = (id: string, text: string) =>
  withLimits(PN532_PHASES, parse(text))
    .flatMap(({ measurements }) => measurements)
    .find((plan) => plan.id === id)!;

describe('limits of a station', () => {
  it('stand in the place of those of the program, and say so', () => {
    const plan = planOf('round-trip-p50', 'limits:\n  round-trip-p50: { max: 8 ms }\n');
    expect(plan).toMatchObject({ limits: { max: 8 }, limitsFrom: 'station', timed: true });
    expect(limitsInWords(plan)).toBe('at most 8 ms on this station');
    expect(judgeMeasurement(plan, 8).verdict).toBe('pass');
    expect(judgeMeasurement(plan, 8.01).verdict).toBe('fail');
  });

  it('judge what was for information, and a late machine may spoil it', () => {
    const text = 'limits:\n  throughput-115200: { min: 4000 B/s, max: 12000B/s }\n  antenna-over: { min: 35 mA }\n';
    const throughput = planOf('throughput-115200', text);
    expect(throughput).toMatchObject({ limits: { min: 4000, max: 12000 }, timed: true });
    expect(judgeMeasurement(throughput, 3999).verdict).toBe('fail');
    const antenna = planOf('antenna-over', text);
    expect(antenna.timed).toBeUndefined();
    expect(judgeMeasurement(antenna, 'none').verdict).toBe('fail');
    expect(judgeMeasurement(antenna, 35).verdict).toBe('pass');
  });

  it('leave every other measurement as it is', () => {
    const [before, after] = [null, parse('limits: { sleep-time: { max: 500 ms } }')].map((station) =>
      withLimits(PN532_PHASES, station).flatMap(({ measurements }) => measurements),
    ) as [unknown[], unknown[]];
    expect(after.filter((plan, i) => plan !== before[i])).toMatchObject([{ id: 'sleep-time' }]);
  });

  it.each([
    ['limits: { round-trip-p51: { max: 8 ms } }', 'there is no measurement round-trip-p51'],
    ['limits: { round-trip-p50: { max: 8 } }', 'the unit here is ms, as in 8 ms'],
    ['limits: { round-trip-p50: { max: 8 s } }', 'the unit here is ms'],
    ['limits: { round-trip-p50: { max: soon } }', 'a limit is a number with its unit, as 5 ms'],
    ['limits: { round-trips: { min: 10 ms } }', 'this is a count, without a unit'],
    ['limits: { round-trip-p50: { min: 9 ms, max: 8 ms } }', 'min is over max'],
    ['limits: { round-trip-p50: {} }', 'needs a min, a max, or both'],
    ['limits: { round-trip-p50: { most: 8 ms } }', '`most` is not a key that is known here'],
    ['limits: { line-errors: { max: 1 } }', 'line-errors must be exactly 0, on every station'],
    ['limits: { rom-checksum: { max: 1 } }', 'rom-checksum must be exactly true'],
    ['limits: { gpio-p3: { max: 1 } }', 'gpio-p3 is no number that has'],
    ['limits: { latency-timer: { max: 1 ms } }', 'latency-timer is no number that has'],
    ['limits: { wake-up-repairs: { max: 1 } }', 'there is no measurement wake-up-repairs'],
    ['round-trip-p50: { max: 8 ms }', '`round-trip-p50` is not a key'],
    ['', 'the file is empty'],
    ['limits: [', 'not YAML'],
  ])('%s is refused with its place', (text, words) => {
    expect(() => parse(text)).toThrow(words);
    expect(() => parse(text)).toThrow(/^limits\.yaml:\d+:\d+: /);
  });

  it('come from the state folder when no file is named, and from nowhere when there is none', () => {
    const state = mkdtempSync(join(tmpdir(), 'vitap-limits-'));
    const env = { XDG_STATE_HOME: state };
    try {
      expect(stationLimits(null, env, PN532_PHASES)).toBeNull();
      mkdirSync(join(state, 'vitap'));
      writeFileSync(join(state, 'vitap', 'limits.yaml'), 'limits: { sleep-time: { max: 500 ms } }');
      expect(stationLimits(null, env, PN532_PHASES)?.limits).toEqual(new Map([['sleep-time', { max: 500 }]]));
      expect(() => stationLimits(join(state, 'none.yaml'), env, PN532_PHASES)).toThrow();
    } finally {
      rmSync(state, { recursive: true });
    }
  });
});
