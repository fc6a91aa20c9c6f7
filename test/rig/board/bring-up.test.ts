import { describe, expect, it, vi } from 'vitest';
import type { PhaseResult } from '../../../rig/board/phase.ts';
import { verdictOf } from '../../../rig/board/run-phases.ts';
import type { Fault } from '../../../rig/sim/faults/plan.ts';
import { LONGEST_GOODBYE_MS } from '../../../src/hal/pn532/hsu-port.ts';
import { bringUp, fault, type SimulatedBench, simulatedBench } from './simulated-bench.ts';

const ALL = [
  'wake-up',
  'firmware',
  'communication-line',
  'rom',
  'ram',
  'antenna',
  'registers',
  'baud-ladder',
  'round-trip',
  'latency-timer',
  'tap-as-card',
  'tap-as-reader',
  'sleep',
];

describe('bring-up of a simulated board', () => {
  it('passes every phase on a good board with a good partner, and leaves both asleep', async () => {
    const bench = simulatedBench();
    const results = await bringUp(bench, { partner: true });
    expect(results.map(({ id, verdict, reason }) => `${id} ${verdict} ${reason}`.trim())).toEqual(
      ALL.map((id) => `${id} pass`),
    );
    await asleep(bench);
    expect(verdictOf(results, false)).toBe('pass');
  });

  it('takes the numbers that the chip and the wire have', async () => {
    const results = await bringUp(simulatedBench());
    const value = (id: string): unknown =>
      results.flatMap((each) => each.measurements).find((each) => each.id === id)?.value;
    expect(value('ic')).toBe(0x32);
    expect(value('firmware')).toBe(1.6);
    expect(value('line-longest')).toBe(262);
    // 28 bytes of 10 bits at 115200 baud.
    expect(value('round-trip-wire')).toBeCloseTo(2.43, 2);
    expect(value('round-trip-p50')).toBeGreaterThan(2.43);
    for (const rate of [115200, 230400, 460800, 921600]) expect(value(`errors-${rate}`)).toBe(0);
    expect(results.find(({ id }) => id === 'tap-as-card')).toMatchObject({ verdict: 'skipped' });
  });

  it.each<[title: string, faults: readonly Fault[], phase: string, verdict: PhaseResult['verdict'], words: RegExp]>([
    ['a board that says nothing', [fault('mute')], 'wake-up', 'fail', /nothing answers on sim-a/],
    ['a board that talks nonsense', [fault('garbage')], 'wake-up', 'fail', /makes no sense at any baud rate/],
    ['another chip', [fault('other-chip', 0x33)], 'firmware', 'fail', /Chip.*0x33, must be exactly 0x32/],
    ['old firmware', [fault('old-firmware', 4)], 'firmware', 'fail', /Firmware version: 1\.4, must be at least 1\.6/],
    ['damaged ROM', [fault('rom-fail')], 'rom', 'fail', /Checksum of the ROM is right: no, must be yes/],
    ['damaged RAM', [fault('ram-fail')], 'ram', 'fail', /RAM holds what is written: no, must be yes/],
    ['a weak antenna', [fault('weak-antenna', 3)], 'antenna', 'fail', /Self-test .* must be exactly 0x00/],
    [
      'an adapter that holds answers back',
      [fault('latency-timer', 16)],
      'latency-timer',
      'error',
      /holds every answer back for 1\d ms/,
    ],
    [
      'an adapter that is pulled out',
      [fault('unplug', 0, 3000, 3000)],
      'communication-line',
      'error',
      /unplugged|gone/,
    ],
  ])('finds %s in the right phase', async (_, faults, phase, verdict, words) => {
    const bench = simulatedBench({ a: faults });
    const results = await bringUp(bench);
    const wrong = results.filter((each) => each.verdict === 'fail' || each.verdict === 'error');
    expect(wrong.map(({ id }) => id)).toEqual([phase]);
    expect(wrong[0]).toMatchObject({ verdict, reason: expect.stringMatching(words) });
    expect(verdictOf(results, false)).toBe(verdict);
    // A mute chip does not even sleep.
    if (faults[0]?.name !== 'mute') await asleep(bench);
  });

  it('does not blame a latency timer for what is longer than one', async () => {
    const bench = simulatedBench({ a: [fault('slow-host', 50)] });
    const results = await bringUp(bench, { only: ['latency-timer'] });
    expect(results.find(({ id }) => id === 'latency-timer')).toMatchObject({
      verdict: 'error',
      reason: expect.stringMatching(/held back for 5\d ms, longer than by a latency timer/),
    });
  });

  it('blames the rig, not the board, for a second board that is mute', async () => {
    const results = await bringUp(simulatedBench({ b: [fault('mute')] }), { partner: true, only: ['tap-as-card'] });
    expect(results.find(({ id }) => id === 'tap-as-card')).toMatchObject({
      verdict: 'error',
      reason: expect.stringMatching(/second board, pn532:sim-b, does not work/),
    });
  });

  it('ends in the middle when it is told to, with the board asleep', async () => {
    const bench = simulatedBench();
    const stop = new AbortController();
    const results = await bringUp(bench, { signal: stop.signal, onEnd: ({ id }) => id === 'rom' && stop.abort() });
    expect(results.map(({ verdict }) => verdict).slice(0, 5)).toEqual(['pass', 'pass', 'pass', 'pass', 'skipped']);
    expect(verdictOf(results, true)).toBe('error');
    await asleep(bench);
  });

  it.each(['communication-line', 'baud-ladder', 'round-trip'])(
    'puts the chip to sleep when it is told to end within %s',
    async (phase) => {
      const bench = simulatedBench();
      const stop = new AbortController();
      const ended = bringUp(bench, {
        signal: stop.signal,
        onStart: ({ id }) => id === phase && bench.pair.clock.after(100_000_000, () => stop.abort()),
      });
      expect((await ended).find(({ id }) => id === phase)).toMatchObject({ verdict: 'error', reason: 'interrupted' });
      await asleep(bench);
      expect(bench.pair.a.chip.baudRate).toBe(115_200);
    },
  );
});

describe('Ctrl-C with a chip that takes 5 s for each answer', () => {
  it.each(['wake-up', 'firmware', 'communication-line', 'registers', 'baud-ladder', 'round-trip', 'tap-as-reader'])(
    'ends %s at once, and the session in its time',
    async (phase) => {
      const stop = new AbortController();
      const state = { stoppedNs: 0, endedNs: 0 };
      // Slow from the beginning of the phase on: the plan looks into its list each time.
      const faults: Fault[] = [];
      const bench = simulatedBench({ a: faults });
      const ended = bringUp(bench, {
        partner: true,
        signal: stop.signal,
        onStart: ({ id }) => {
          if (id !== phase) return;
          faults.push(fault('slow-chip', 5000));
          bench.pair.clock.after(300_000_000, () => {
            state.stoppedNs = bench.pair.clock.nowNs();
            stop.abort();
          });
        },
        onEnd: ({ id }) => {
          if (id === phase) state.endedNs = bench.pair.clock.nowNs();
        },
      });
      const results = await ended;
      expect(results.find(({ id }) => id === phase)).toMatchObject({ verdict: 'error', reason: 'interrupted' });
      const now = bench.pair.clock.nowNs();
      expect((state.endedNs - state.stoppedNs) / 1e6).toBeLessThanOrEqual(LONGEST_GOODBYE_MS);
      expect((now - state.stoppedNs) / 1e6).toBeLessThanOrEqual(2 * LONGEST_GOODBYE_MS);
    },
  );
});

/** The chip falls asleep after its answer to PowerDown has left it. */
async function asleep({ pair }: SimulatedBench): Promise<void> {
  await vi.waitFor(() => {
    if (!pair.a.chip.asleep || !pair.b.chip.asleep) throw new Error('a chip is awake');
  }, 20_000);
}
