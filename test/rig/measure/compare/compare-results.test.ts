import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareWithBaseline } from '../../../../rig/measure/compare/baseline.ts';
import { compareResults, tapTimes } from '../../../../rig/measure/compare/compare-results.ts';
import type { Effect } from '../../../../rig/measure/compare/effect.ts';
import { comparisonLines, duration, percent, verdictOnB } from '../../../../rig/measure/compare/present.ts';
import { readResultFile } from '../../../../rig/measure/compare/result-file.ts';
import { LAYERS, STAGES, type TapBenchResult, type TapSample } from '../../../../rig/measure/tap/result.ts';
import { withFirst, withTimes } from './measured-result.ts';

/** Two taps of the profile ndef in process, saved by version 1 of the format: whatever comes later still reads it. */
const STORED = join(import.meta.dirname, '../../../vectors/tap-result.json');
const measured = readResultFile(STORED);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-compare-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Milliseconds that vary a little, the same way in every run. */
const around = (ms: number, count = 40): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(ms * 1e6 * (1 + 0.01 * Math.sin(i * i))));

const file = (content: unknown): string => {
  const path = join(folder, 'result.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

describe('two results', () => {
  it.each([
    ['slower', 11, 'slower'],
    ['faster', 9, 'faster'],
    ['the same', 10, 'no difference seen'],
    ['slower by less than counts', 10.1, 'no difference seen'],
  ])('%s', (_, ms, verdict) => {
    const { total } = compareResults(withTimes(measured, around(10)), withTimes(measured, around(ms)))!;
    expect(total.verdict).toBe(verdict);
    expect(total.ratio.value).toBeCloseTo(ms / 10, 2);
    expect(total.ratio.low).toBeLessThanOrEqual(total.ratio.value);
    expect(total.ratio.high).toBeGreaterThanOrEqual(total.ratio.value);
  });

  it('are compared part by part and command by command, in medians', () => {
    const compared = compareResults(withTimes(measured, around(10)), withTimes(measured, around(11)))!;
    expect(compared.figures[0]).toMatchObject({ name: 'total', of: 'tap' });
    expect(compared.figures[0]!.current / compared.figures[0]!.baseline).toBeCloseTo(1.1, 2);
    const commands = compared.figures.filter(({ of }) => of === 'command');
    expect(commands.map(({ name }) => name)).toEqual([
      ...new Set(measured.figures!.commands.map(({ command }) => command)),
    ]);
    expect(commands.every(({ baseline, current, effect }) => baseline === current && effect === null)).toBe(true);
  });

  it('show their first taps beside each other, which change no verdict', () => {
    const [before, now] = [
      withFirst(withTimes(measured, around(10)), 30e6),
      withFirst(withTimes(measured, around(10)), 90e6),
    ];
    const compared = compareResults(before, now)!;
    expect(compared.figures[1]).toEqual({
      name: 'first tap',
      of: 'first',
      baseline: 30e6,
      current: 90e6,
      effect: null,
    });
    expect(compared.total.verdict).toBe('no difference seen');
    expect(comparisonLines(compared).join('\n')).toMatch(/^ {2}first tap +30\.000 ms +90\.000 ms +\+200 %$/m);
  });

  it.each([
    ['one of a version before', (result: TapBenchResult) => ({ ...result, first: null })],
    ['one whose first tap failed', (result: TapBenchResult) => withFirst(result, 'failed')],
  ])('have no row of first taps with %s', (_, change) => {
    const compared = compareResults(change(withTimes(measured, around(10))), withTimes(measured, around(10)))!;
    expect(compared.figures.some(({ of }) => of === 'first')).toBe(false);
  });

  it('that are the same to the nanosecond have an interval of nothing', () => {
    const { figures } = compareResults(withTimes(measured, around(10)), withTimes(measured, around(10)))!;
    // Stages and layers of these taps are all alike, as modelled ones are.
    const [part] = figures.filter(({ of }) => of === 'stage');
    expect(part!.effect).toMatchObject({ ratio: { value: 1, low: 1, high: 1 }, verdict: 'no difference seen' });
  });

  it('of too few good taps are not compared', () => {
    expect(compareResults(withTimes(measured, around(10, 4)), withTimes(measured, around(10)))).toBeNull();
  });

  it('leave failed taps out and say how many', () => {
    const current = withTimes(measured, around(10));
    const failure = { kind: 'timeout', message: 'no answer', afterExchanges: 2 };
    const taps = current.taps.map((tap, i): TapSample => (i < 3 ? { ...tap, endNs: tap.startNs, failure } : tap));
    expect(tapTimes({ ...current, taps })).toHaveLength(37);
    const compared = compareResults(withTimes(measured, around(10)), { ...current, taps })!;
    expect(compared.total.verdict).toBe('no difference seen');
    expect(compared.doubts).toEqual(['3 of 40 taps of this run failed and are left out']);
  });

  it('leave out stages and layers under a hundredth of the tap in both', () => {
    const parted = (ms: number, connect: number, select: number): TapBenchResult => {
      const result = withTimes(measured, around(ms));
      const [stage, other] = STAGES;
      const stages = Object.fromEntries(STAGES.map((each) => [each, 0])) as TapSample['stages'];
      const some = { ...stages, [stage as string]: connect, [other as string]: select };
      const layers = Object.fromEntries(LAYERS.map((each) => [each, 0])) as TapSample['layers'];
      return { ...result, taps: result.taps.map((tap) => ({ ...tap, stages: some, layers })) };
    };
    const parts = (a: TapBenchResult, b: TapBenchResult) =>
      compareResults(a, b)!
        .figures.filter(({ of }) => of === 'stage' || of === 'layer')
        .map(({ name, baseline, current, effect }) => [name, baseline, current, effect?.verdict ?? null]);
    // A hundredth of 10 ms is 100 µs.
    expect(parts(parted(10, 1e6, 5e4), parted(10, 2e6, 5e4))).toEqual([[STAGES[0], 1e6, 2e6, 'slower']]);
    expect(parts(parted(10, 1e6, 5e4), parted(10, 1e6, 3e5)).map(([name]) => name)).toEqual([STAGES[0], STAGES[1]]);
    expect(parts(parted(10, 1e6, 3e5), parted(10, 1e6, 0))).toEqual([
      [STAGES[0], 1e6, 1e6, 'no difference seen'],
      [STAGES[1], 3e5, 0, null],
    ]);
  });

  it('weigh the forms of a command by how often each was sent, and leave out what one of them lacks', () => {
    const [form] = measured.figures!.commands;
    const withCommands = (...rows: [command: string, count: number, p50: number][]): TapBenchResult => ({
      ...withTimes(measured, around(10)),
      figures: {
        ...measured.figures!,
        commands: rows.map(([command, count, p50]) => ({ ...form!, command, count, p50 })),
      },
    });
    const { figures } = compareResults(
      withCommands(['SELECT', 3, 100], ['READ BINARY', 2, 50], ['SELECT', 1, 500], ['VERIFY', 1, 9]),
      withCommands(['READ BINARY', 2, 60], ['SELECT', 1, 300], ['GET DATA', 1, 5]),
    )!;
    // (3 · 100 + 1 · 500) / 4
    expect(figures.filter(({ of }) => of === 'command')).toEqual([
      { name: 'READ BINARY', of: 'command', baseline: 50, current: 60, effect: null },
      { name: 'SELECT', of: 'command', baseline: 200, current: 300, effect: null },
    ]);
    const none = compareResults({ ...withTimes(measured, around(10)), figures: null }, withCommands(['SELECT', 1, 1]))!;
    expect(none.figures.filter(({ of }) => of === 'command')).toEqual([]);
  });

  it('name each difference with what it was and is', () => {
    const before = withTimes(measured, around(10), false);
    const failure = { kind: 'timeout', message: 'no answer', afterExchanges: 2 };
    const taps = before.taps.map((tap, i): TapSample => (i === 0 ? { ...tap, failure } : tap));
    const environment = {
      ...before.environment,
      backend: 'b1',
      card: 'c1',
    } as unknown as TapBenchResult['environment'];
    const baseline: TapBenchResult = { ...before, taps, environment, setup: { ...before.setup, sequence: 's1' } };
    const current: TapBenchResult = {
      ...withTimes(measured, around(10)),
      environment: { ...environment, backend: 'b2', card: 'c2' } as unknown as TapBenchResult['environment'],
      setup: { ...before.setup, sequence: 's2' },
    };
    expect(compareResults(baseline, current)!.doubts).toEqual([
      'another backend: b1 then, b2 now',
      'another card: c1 then, c2 now',
      'another sequence: s1 then, s2 now',
      'the baseline says itself that it cannot be trusted',
      '1 of 40 taps of the baseline failed and is left out',
    ]);
  });

  it('are not called of another plan where one names none', () => {
    const result = withTimes(measured, around(10));
    const planned = (plan: string | null): TapBenchResult => ({ ...result, setup: { ...result.setup, plan } as never });
    expect(compareResults(planned('classic'), planned(null))!.doubts).toEqual([]);
    expect(compareResults(planned(null), planned('classic'))!.doubts).toEqual([]);
    expect(compareResults(planned('classic'), planned('minimal'))!.doubts).toEqual([
      'another plan: classic then, minimal now',
    ]);
  });

  it('that are not of one kind say what differs', () => {
    const current = withTimes(measured, around(10), false);
    const other: TapBenchResult = {
      ...current,
      setup: { ...current.setup, plan: 'minimal', reader: 'pcsc' },
      environment: { ...current.environment, machine: 'another', node: 'v1' },
    };
    const before = withTimes(measured, around(10));
    const { doubts } = compareResults({ ...before, setup: { ...before.setup, plan: 'classic' } }, other)!;
    expect(doubts.map((doubt) => doubt.split(':')[0])).toEqual([
      'another machine',
      'another Node',
      'another reader',
      'another plan',
      'this result says itself that it cannot be trusted',
    ]);
  });
});

describe('a baseline', () => {
  it.each([
    ['slower by 10 %, 5 % allowed', 11, 0.05, 1],
    ['slower by 10 %, 15 % allowed', 11, 0.15, 0],
    ['slower by 10 %, not asked', 11, null, 0],
    ['as fast, nothing allowed', 10, 0, 0],
    ['faster, nothing allowed', 9, 0, 0],
  ])('%s: exit', (_, ms, allowed, exit) => {
    const path = file(withTimes(measured, around(10)));
    const compared = compareWithBaseline(withTimes(measured, around(ms)), path, allowed);
    expect(compared.exitCode).toBe(exit);
    expect(compared.lines[0]).toContain(path);
    expect(compared.lines[1]).toMatch(/^Verdict: (slower|faster|no difference seen)/);
  });

  it('says when its interval is wide', () => {
    const wild = Array.from({ length: 20 }, (_, i) => 5e6 + ((i * 7) % 20) * 5e5);
    const path = file(withTimes(measured, wild));
    expect(compareWithBaseline(withTimes(measured, wild), path, null).lines.join('\n')).toContain('interval is wide');
    const calm = file(withTimes(measured, around(10)));
    expect(compareWithBaseline(withTimes(measured, around(10)), calm, null).lines.join('\n')).not.toContain('wide');
  });

  it('with too few taps is refused', () => {
    const path = file(withTimes(measured, around(10, 3)));
    expect(() => compareWithBaseline(withTimes(measured, around(10)), path, null)).toThrow('5 good taps');
  });
});

describe('a result file', () => {
  it('is read as it was saved', () => {
    expect(readResultFile(file(measured))).toEqual(JSON.parse(JSON.stringify(measured)));
  });

  it.each([
    ['nonsense', 'nonsense', 'this is no result of `vitap bench tap --save`'],
    ['empty', '', 'this is no result'],
    ['other JSON', { id: 'bench-apdu' }, 'this is no result'],
    ['a list', [1], 'this is no result'],
    ['null', 'null', 'this is no result'],
    ['a later version', { schema: 'vitap-bench-tap', version: 99 }, 'a result of version 99; this program reads'],
  ])('%s is refused in one sentence', (_, content, sentence) => {
    expect(() => readResultFile(file(content))).toThrow(sentence);
  });

  it.each([
    ['no taps', { taps: undefined }],
    ['a tap without its times', { taps: [{ failure: null }] }],
    ['no set-up', { setup: undefined }],
    ['no set-up', { environment: {} }],
    ['no diagnosis', { diagnosis: null }],
    ['a tap without its times', { taps: [null] }],
    ['a tap without its times', { taps: [{ failure: null, startNs: 5, endNs: 5 }] }],
    ['a tap without its times', { taps: [{ failure: {}, startNs: 5, endNs: 6 }] }],
    ['no figures of its commands', { figures: { commands: 5 } }],
  ])('%s: damaged', (reason, change) => {
    expect(() => readResultFile(file({ ...measured, ...change }))).toThrow(`the result is damaged: ${reason}`);
  });

  it('that is not there, and one that cannot be read, are told apart', () => {
    expect(() => readResultFile(join(folder, 'none.json'))).toThrow('there is no such file');
    expect(() => readResultFile(folder)).toThrow('it cannot be read');
  });
});

describe('in words', () => {
  it.each([
    [1.084, '+8.4 %'],
    [1, '+0.0 %'],
    [0.9999, '+0.0 %'],
    [0.5, '−50.0 %'],
    [3.5, '+250 %'],
    [0, '−100 %'],
    [Number.POSITIVE_INFINITY, 'without end'],
  ])('a ratio of %f is %s', (ratio, words) => expect(percent(ratio)).toBe(words));

  it.each([
    [1234, '1.2 µs'],
    [1_234_567, '1.235 ms'],
  ])('%i ns are %s', (ns, words) => expect(duration(ns)).toBe(words));
});

describe('the verdict on two commands', () => {
  const of = (verdict: Effect['verdict'], low: number, high: number): string =>
    verdictOnB({ verdict, ratio: { value: 1, low, high } } as Effect);

  it.each([
    ['slower', 1.1, 1.2, 'B is slower'],
    ['faster', 0.2, 0.9, 'B is faster'],
    ['no difference seen', 0.99, 1.02, 'B is no different, as far as was seen'],
    ['no difference seen', 0.24, 5.2, 'undecided: the interval is too wide to say whether B differs'],
    ['no difference seen', 0, Number.POSITIVE_INFINITY, 'undecided: the interval is too wide to say whether B differs'],
  ] as const)('%s, %d to %d: %s', (verdict, low, high, sentence) => expect(of(verdict, low, high)).toBe(sentence));
});
