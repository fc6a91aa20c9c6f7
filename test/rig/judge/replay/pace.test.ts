import { describe, expect, it } from 'vitest';
import { Pacer } from '../../../../rig/judge/replay/pace.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';

const MS = 1_000_000;
const never = new AbortController().signal;

/** How long a pacer waits before a command that came 30 ms after the answer before it. */
async function waitedNs(pace: 'fast' | number, recordedGapNs: number): Promise<number> {
  const pacer = new Pacer(pace, systemClock);
  const start = systemClock.nowNs();
  await pacer.due(0, never);
  pacer.done(5 * MS, start);
  await pacer.due(5 * MS + recordedGapNs, never);
  return systemClock.nowNs() - start;
}

describe('the pace of a replay', () => {
  // Only that it waits long enough: how much longer is the machine's affair.
  it('keeps the pauses of the trace', async () => expect(await waitedNs(1, 30 * MS)).toBeGreaterThanOrEqual(30 * MS));
  it('divides them by the factor', async () => expect(await waitedNs(2, 30 * MS)).toBeGreaterThanOrEqual(15 * MS));
  it('keeps pauses that are shorter than a timer', async () =>
    expect(await waitedNs(1, 0.3 * MS)).toBeGreaterThanOrEqual(0.3 * MS));

  it.each([
    ['fast', 3_600_000 * MS],
    [1, -3_600_000 * MS],
  ] as const)('%s: does not wait for a gap of %d ns', async (pace, gap) => {
    // An hour would be noticed.
    expect(await waitedNs(pace, gap)).toBeLessThan(3_600_000 * MS);
  });

  it('says by how much a command is late', async () => {
    const pacer = new Pacer(1, systemClock);
    pacer.done(0, systemClock.nowNs() - 100 * MS);
    expect(await pacer.due(40 * MS, never)).toBeGreaterThanOrEqual(60 * MS);
  });

  it('ends with the signal', async () => {
    const pacer = new Pacer(1, systemClock);
    pacer.done(0, systemClock.nowNs());
    await expect(pacer.due(3_600_000 * MS, AbortSignal.timeout(10))).rejects.toThrow();
  });
});
