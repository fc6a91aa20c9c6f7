import { describe, expect, it } from 'vitest';
import { accountAll, accountRun, failuresOf, figuresOf } from '../../../../rig/measure/tap/assemble.ts';
import { scheduleFinding } from '../../../../rig/measure/tap/diagnosis.ts';
import type { Schedule } from '../../../../rig/measure/tap/result.ts';
import { LAYERS, STAGES } from '../../../../rig/measure/tap/result.ts';
import { type Run, type RunOptions, runTaps } from '../../../../rig/measure/tap/run.ts';
import { scheduleOf } from '../../../../rig/measure/tap/schedule.ts';
import { commandScript } from '../../../../rig/measure/tap/script.ts';
import { fromHex } from '../../../../src/apdu/hex.ts';
import { CONNECT_NS, type Scripted, ScriptedSource } from './scripted-source.ts';

const MS = 1_000_000;
const OK: Scripted = { ns: 2 * MS, answer: 'AA9000' };
/** Two commands: a tap of 1 + 2 + 2 ms. */
const TWO = [fromHex('00B0000001'), fromHex('00B0000101')];
const TAP_NS = CONNECT_NS + 4 * MS;

function run(source: ScriptedSource, change: Partial<RunOptions> = {}): Promise<Run> {
  return runTaps({
    source,
    script: commandScript(TWO),
    taps: 5,
    warmUp: 2,
    arrivals: { kind: 'closed' },
    waiter: source.waiter,
    signal: new AbortController().signal,
    ...change,
  });
}

/** `scripted` for that tap, counted without warm-up, and its second exchange; all else is good. */
const second = (tap: number, scripted: Scripted) => (at: number, index: number) =>
  at === tap + 2 && index === 1 ? scripted : OK;

describe('a run', () => {
  it('leaves the warm-up out and times each tap', async () => {
    const { taps, ended } = await run(new ScriptedSource(() => OK));
    expect(ended).toBeNull();
    expect(taps.map(({ index, startNs, endNs }) => [index, startNs, endNs - startNs])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [i, i * TAP_NS, TAP_NS]),
    );
  });

  it.each([
    ['a reader that gives up', { ns: MS, answer: 'timeout' }, 'timeout', 1],
    ['a card that is taken away', { ns: MS, answer: 'card-removed' }, 'card-removed', 1],
    ['garbage instead of an answer', { ns: MS, answer: 'protocol' }, 'protocol', 1],
    ['an answer without a status word', { ns: MS, answer: '90' }, 'protocol', 1],
    ['a refusal', { ns: MS, answer: '6A82' }, 'refused', 2],
    ['another content', { ns: MS, answer: 'BB9000' }, 'wrong-content', 2],
  ] as const)('%s is one failed tap, and the run goes on', async (_title, scripted, kind, afterExchanges) => {
    const source = new ScriptedSource(second(2, scripted));
    const { taps, ended } = await run(source);
    expect(ended).toBeNull();
    expect(taps.map(({ failure }) => failure?.kind ?? null)).toEqual([null, null, kind, null, null]);
    expect(taps[2]?.failure?.afterExchanges).toBe(afterExchanges);
    expect(source.closed).toBe(7);
  });

  it('has the first tap of all apart, in the time of the run', async () => {
    // The first two exchanges of all take 9 ms each: the card was just put in.
    const cold = (tap: number): Scripted => ({ ns: tap === 0 ? 9 * MS : 2 * MS, answer: 'AA9000' });
    const source = new ScriptedSource(cold);
    const { taps, first } = await run(source);
    const firstNs = CONNECT_NS + 18 * MS;
    expect([first?.index, first?.startNs, first?.endNs]).toEqual([-2, -firstNs - TAP_NS, -TAP_NS]);
    expect(taps.every(({ startNs, endNs }) => endNs - startNs === TAP_NS)).toBe(true);
    const { accounted, first: detail } = accountRun(taps, first, source.link, source.accounting);
    expect(accounted.samples.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
    expect(figuresOf(taps, accounted, [])?.total).toMatchObject({ n: 5, max: TAP_NS });
    expect(detail?.sample.layers.link).toBe(firstNs);
    expect(detail?.exchanges.map(({ startNs, endNs }) => endNs - startNs)).toEqual([9 * MS, 9 * MS]);
  });

  it('without warm-up the first tap is among the others too', async () => {
    const source = new ScriptedSource(() => OK);
    const { taps, first } = await run(source, { warmUp: 0 });
    const { accounted, first: detail } = accountRun(taps, first, source.link, source.accounting);
    expect(accounted.samples).toHaveLength(5);
    expect(detail?.sample).toEqual(accounted.samples[0]);
  });

  it('a first tap that failed is kept with its failure', async () => {
    const source = new ScriptedSource((tap) => (tap === 0 ? { ns: MS, answer: 'timeout' } : OK));
    const { taps, first } = await run(source);
    expect(first?.failure?.kind).toBe('timeout');
    expect(taps.every(({ failure }) => failure === null)).toBe(true);
  });

  it('a slow answer fails nothing and is in the times', async () => {
    const { taps } = await run(new ScriptedSource(second(2, { ns: 900 * MS, answer: 'AA9000' })));
    expect(taps.map(({ endNs, startNs }) => endNs - startNs)).toEqual([
      TAP_NS,
      TAP_NS,
      TAP_NS + 898 * MS,
      TAP_NS,
      TAP_NS,
    ]);
  });

  it.each(['no-card', 'no-reader', 'busy'] as const)(
    '%s at the first tap ends it: nothing is measured',
    async (kind) => {
      for (const warmUp of [0, 2]) {
        const source = new ScriptedSource(() => ({ ns: MS, answer: kind }));
        const { taps, ended } = await run(source, { warmUp });
        expect([taps, ended, source.begun]).toEqual([[], expect.objectContaining({ kind }), 1]);
      }
    },
  );

  it('no card later on is a failed tap like another', async () => {
    const { taps, ended } = await run(new ScriptedSource(second(2, { ns: MS, answer: 'no-card' })));
    expect([taps.length, ended]).toEqual([5, null]);
  });

  it.each(['reader-lost', 'no-service'] as const)('%s ends it, what was measured is kept', async (kind) => {
    const { taps, ended } = await run(new ScriptedSource(second(3, { ns: MS, answer: kind })));
    expect(taps.map(({ failure }) => failure?.kind ?? null)).toEqual([null, null, null, kind]);
    expect(ended).toMatchObject({ kind });
  });

  it('ten failures in a row end it', async () => {
    const { taps, ended } = await run(new ScriptedSource((tap) => (tap < 5 ? OK : { ns: MS, answer: 'timeout' })), {
      taps: 50,
    });
    expect(taps).toHaveLength(13);
    expect(ended?.message).toBe('scripted: timeout');
  });

  it.each([
    ['while warming up', 0],
    ['later', 3],
  ])('a wrong code is presented once and no more, %s', async (_when, from) => {
    const source = new ScriptedSource((tap) => (tap < from ? { ns: MS, answer: '9000' } : { ns: MS, answer: '63C2' }));
    const { taps, ended } = await run(source, { script: commandScript([fromHex('0020008106313131313131')]) });
    expect(ended?.message).toContain('63C2');
    expect(source.sent).toBe(from + 1);
    expect(taps).toHaveLength(Math.max(0, from + 1 - 2));
  });

  it('stopped from outside, keeps the taps that were whole', async () => {
    const stop = new AbortController();
    const source = new ScriptedSource((tap, index) => {
      if (tap === 4 && index === 1) stop.abort();
      return OK;
    });
    const { taps, ended } = await run(source, { signal: stop.signal });
    expect(ended).toBeNull();
    expect(taps.map(({ failure }) => failure)).toEqual([null, null]);
  });
});

describe('the account of a run with failures', () => {
  it('sums to each tap, the failed one among them, and counts kinds', async () => {
    const source = new ScriptedSource((tap, index) =>
      tap % 3 === 0 && index === 1 ? { ns: 30 * MS, answer: 'timeout' } : OK,
    );
    const { taps } = await run(source, { taps: 10 });
    const accounted = accountAll(taps, source.link, source.accounting);
    for (const { startNs, endNs, layers, stages } of accounted.samples) {
      expect(LAYERS.reduce((sum, layer) => sum + layers[layer], 0)).toBe(endNs - startNs);
      expect(STAGES.reduce((sum, stage) => sum + stages[stage], 0)).toBe(endNs - startNs);
    }
    // Taps 3, 6 and 9 of twelve, of which two are warm-up.
    expect(failuresOf(accounted.samples)).toEqual([{ kind: 'timeout', message: 'scripted: timeout', count: 3 }]);
    const figures = figuresOf(taps, accounted, []);
    expect(figures?.total).toMatchObject({ n: 7, min: TAP_NS, max: TAP_NS });
    expect(figures?.layers.link.p50.value).toBe(TAP_NS);
    expect(figures?.commands.map(({ header, count, p50 }) => [header, count, p50])).toEqual([
      ['00B00000', 7, 2 * MS],
      ['00B00001', 7, 2 * MS],
    ]);
  });

  it('has no figures when every tap failed', async () => {
    const source = new ScriptedSource(() => ({ ns: MS, answer: '6A82' }));
    const { taps } = await run(source);
    expect(figuresOf(taps, accountAll(taps, source.link, source.accounting), [])).toBeNull();
  });

  it('keeps the slow taps as outliers, slowest first', async () => {
    const slow = new Map([
      [10, 50],
      [20, 90],
    ]);
    const source = new ScriptedSource((tap, index) => {
      // A spread of a few microseconds, so that there are quartiles.
      const ns = (slow.get(tap) ?? 2) * MS + (tap % 7) * 1000;
      return { ns: index === 0 ? ns : 2 * MS, answer: 'AA9000' };
    });
    const { taps } = await run(source, { taps: 40 });
    const figures = figuresOf(taps, accountAll(taps, source.link, source.accounting), []);
    // Two taps of warm-up come before.
    expect(figures?.outliers.map(({ sample }) => sample.index)).toEqual([18, 8]);
    expect(figures?.slowest.sample.index).toBe(18);
    const kept = taps.filter(({ bytes }) => bytes !== null).map(({ index }) => index);
    expect(kept).toContain(18);
    expect(kept).toContain(8);
    expect(kept.length).toBeLessThan(10);
  });
});

describe('a schedule', () => {
  it('counts latency from the intended start: one stall is waited for by those behind it', async () => {
    // 100 a second, 5 ms each; one stall of 48 ms more.
    const source = new ScriptedSource(second(2, { ns: 50 * MS, answer: 'AA9000' }));
    const arrivals = { kind: 'fixed', ratePerSecond: 100 } as const;
    const { taps } = await run(source, { taps: 12, arrivals });
    const accounted = accountAll(taps, source.link, source.accounting);
    const figures = figuresOf(taps, accounted, []);
    // Tap 2 begins at 20 and ends at 73; those meant for 30, 40 … begin as soon as they can.
    const begun = [0, 10, 20, 73, 78, 83, 88, 93, 98, 103, 108, 113];
    expect(taps.map(({ startNs }) => startNs / MS)).toEqual(begun);
    expect(taps.map(({ intendedNs }) => (intendedNs as number) / MS)).toEqual(begun.map((_, i) => i * 10));
    expect(figures?.total.p90.value).toBe(5 * MS);
    // Responses: 5, 5, 53, then 48, 43, 38 … down to 8: the 11th of 12 is the second largest.
    expect(figures?.response.p90.value).toBe(48 * MS);
    expect(figures?.response.max).toBe(53 * MS);
    expect(scheduleOf(arrivals, accounted.samples)).toEqual({
      arrivals,
      late: 9,
      worstLateNs: 43 * MS,
      // Eleven times 5 ms and once 53 ms, of twelve times 10 ms.
      load: 0.9,
      overloaded: false,
    });
  });

  /** @param taps in ms, by the tap's number, warm-up apart; letting go of the card takes 1 ms more */
  async function scheduled(taps: number, perSecond: number, ms: (tap: number) => number): Promise<Schedule> {
    const source = new ScriptedSource(
      (tap, index) => (index === 0 ? { ns: (ms(tap - 2) - 3) * MS, answer: 'AA9000' } : OK),
      {
        endNs: MS,
      },
    );
    const arrivals = { kind: 'fixed', ratePerSecond: perSecond } as const;
    const run1 = await run(source, { taps, arrivals });
    return scheduleOf(arrivals, accountAll(run1.taps, source.link, source.accounting).samples);
  }

  it.each([
    // 9 ms and 1 ms to let go: just kept up at 100 a second, and not at 101.
    ['as fast as can be', 100, 100, () => 9, false],
    ['a little faster', 200, 101, () => 9, true],
    ['twice as fast', 100, 200, () => 9, true],
    ['the median keeps up, one tap in five does not', 200, 100, (tap: number) => (tap % 5 === 4 ? 60 : 4), true],
    [
      'one tap in five is slow, and the others make up for it',
      200,
      50,
      (tap: number) => (tap % 5 === 4 ? 60 : 4),
      false,
    ],
    ['one long stall at the beginning', 100, 100, (tap: number) => (tap === 3 ? 400 : 4), false],
    ['one long stall in the middle', 100, 100, (tap: number) => (tap === 50 ? 900 : 4), false],
    ['one long stall at the end', 100, 100, (tap: number) => (tap === 98 ? 900 : 4), false],
    ['eight taps', 8, 200, () => 9, true],
  ])('%s', async (_title, taps, perSecond, ms, overloaded) => {
    expect(await scheduled(taps, perSecond, ms)).toMatchObject({ overloaded });
  });

  it('a schedule that is not kept up says what is', async () => {
    const schedule = await scheduled(100, 200, () => 9);
    // 10 ms each, the last one 9, of 5 ms.
    expect(schedule.load).toBeCloseTo((99 * 10 + 9) / 100 / 5, 10);
    const { verdict, detail, cure } = scheduleFinding(schedule, 100);
    expect([verdict, cure]).toEqual(['distrust', '--rate under 100']);
    expect(detail).toContain('200 taps a second cannot be kept up; 100 a second are served');
  });
});
