import { describe, expect, it } from 'vitest';
import type { BoardUnderTest } from '../../../rig/board/board-under-test.ts';
import { LatenessWatch, longestLatenessMs } from '../../../rig/board/lateness.ts';
import type { Limits, MeasuredValue, MeasurementPlan } from '../../../rig/board/measurement.ts';
import { judgeMeasurement, limitsInWords, valueInWords } from '../../../rig/board/measurement.ts';
import { BoardFault, type Phase, type PhaseContext, RigFault } from '../../../rig/board/phase.ts';
import { type RunOptions, runPhases, verdictOf, whose } from '../../../rig/board/run-phases.ts';
import { HalError, type HalErrorKind } from '../../../src/hal/errors.ts';
import { noRepairs, type Repairs } from '../../../src/hal/pn532/repairs.ts';
import { VirtualClock } from '../../../src/hal/virtual/clock.ts';

const plan = (limits: Limits, more: Partial<MeasurementPlan> = {}): MeasurementPlan => ({
  id: 'm',
  what: 'Measured',
  unit: 'ms',
  limits,
  ...more,
});

describe('a measurement', () => {
  it.each<[Limits, MeasuredValue | null, string]>([
    [{ max: 12 }, 12, 'pass'],
    [{ max: 12 }, 12.001, 'fail'],
    [{ min: 1 }, 0.999, 'fail'],
    [{ min: 1, max: 2 }, 1, 'pass'],
    [{ max: 12 }, Number.NaN, 'fail'],
    [{ max: 12 }, 'twelve', 'fail'],
    [{ equals: 0x32 }, 0x32, 'pass'],
    [{ equals: 0x32 }, 0x33, 'fail'],
    [{ equals: true }, false, 'fail'],
    [null, 99, 'info'],
    [{ max: 12 }, null, 'unset'],
    [null, null, 'unset'],
    // No limit on one side is none there.
    [{ max: 12 }, -1e9, 'pass'],
    [{ min: 1 }, 1e9, 'pass'],
  ])('with limits %j and value %j is %s', (limits, value, verdict) => {
    expect(judgeMeasurement(plan(limits), value).verdict).toBe(verdict);
  });

  it('is told in words', () => {
    expect(valueInWords({ ...plan(null), value: 3.25 })).toBe('3.25 ms');
    expect(valueInWords({ ...plan(null, { unit: '', format: 'hex' }), value: 7 })).toBe('0x07');
    expect(valueInWords({ ...plan(null), value: null })).toBe('not measured');
    expect(limitsInWords(plan({ min: 1, max: 2 }))).toBe('1 ms to 2 ms');
    expect(limitsInWords(plan({ equals: 0x32 }, { unit: '', format: 'hex' }))).toBe('exactly 0x32');
    expect(limitsInWords(plan({ equals: true }))).toBe('yes');
  });

  it.each<[MeasuredValue, Partial<MeasurementPlan>, string]>([
    [false, {}, 'no'],
    [true, {}, 'yes'],
    ['loose', {}, 'loose'],
    [0xab, { unit: '', format: 'hex' }, '0xAB'],
    [9.996, {}, '10 ms'],
    [9.876, {}, '9.88 ms'],
    [10.04, {}, '10 ms'],
    [-12.345, {}, '-12.3 ms'],
    [-1.234, {}, '-1.23 ms'],
  ])('%j with %j is written %s', (value, more, words) => {
    expect(valueInWords({ ...plan(null, more), value })).toBe(words);
  });

  it.each<[Limits, string]>([
    [null, 'for information'],
    [{ min: 2 }, 'at least 2 ms'],
    [{ max: 2 }, 'at most 2 ms'],
    [{}, 'any number'],
    [{ equals: 'text' }, 'exactly text'],
  ])('the limits %j are %s', (limits, words) => {
    expect(limitsInWords(plan(limits))).toBe(words);
    expect(limitsInWords(plan(limits, { limitsFrom: 'station' }))).toBe(`${words} on this station`);
  });
});

function phase(id: string, run: Phase['run'], more: Partial<Phase> = {}): Phase {
  return { id, title: id, fatal: false, measurements: [{ ...plan({ max: 10 }), id: `${id}-m` }], run, ...more };
}

const run = (
  phases: readonly Phase[],
  more: {
    only?: readonly string[];
    signal?: AbortSignal;
    repairs?: Repairs;
    lateness?: LatenessWatch;
  } = {},
) =>
  runPhases(phases, {
    board: { repairs: more.repairs ?? noRepairs(), interrupt: () => {} } as Partial<BoardUnderTest> as BoardUnderTest,
    ...(more.lateness === undefined ? {} : { lateness: more.lateness }),
    partner: null,
    clock: new VirtualClock(),
    signal: more.signal ?? new AbortController().signal,
    only: more.only ?? null,
  });

const good = (id: string, more: Partial<Phase> = {}): Phase =>
  phase(id, async ({ measure }) => measure(`${id}-m`, 1), more);

describe('phases', () => {
  it.each<[string, (context: PhaseContext) => Promise<void> | never, string, RegExp]>([
    [
      'a value out of its limits',
      async ({ measure }) => measure('p-m', 11),
      'fail',
      /^Measured: 11 ms, must be at most 10 ms$/,
    ],
    ['a measurement that was forgotten', async () => {}, 'fail', /^Measured: not measured$/],
    ['a fault of the board', async () => Promise.reject(new BoardFault('it smokes')), 'fail', /^it smokes$/],
    ['a fault of the rig', async () => Promise.reject(new RigFault('the lamp is out')), 'error', /^the lamp is out$/],
    [
      'a board that does not answer',
      async () => Promise.reject(new HalError('timeout', 'nothing')),
      'fail',
      /^nothing$/,
    ],
    ['a board that talks nonsense', async () => Promise.reject(new HalError('protocol', 'bla')), 'fail', /^bla$/],
    ['a port that is taken', async () => Promise.reject(new HalError('busy', 'taken')), 'error', /^taken$/],
    ['a cable that was pulled', async () => Promise.reject(new HalError('reader-lost', 'gone')), 'error', /^gone$/],
    ['a bug', async () => Promise.reject(new TypeError('x is not a function')), 'error', /fault of vitap/],
    ['a measurement that nobody announced', async ({ measure }) => measure('other', 1), 'error', /fault of vitap/],
  ])('with %s', async (_, body, verdict, reason) => {
    const [result] = await run([phase('p', body)]);
    expect(result).toMatchObject({ verdict, reason: expect.stringMatching(reason) });
  });

  it('does not run what stands on a phase that failed', async () => {
    const results = await run([phase('first', async () => {}, { fatal: true }), good('second')]);
    expect(results.map(({ verdict }) => verdict)).toEqual(['fail', 'skipped']);
    expect(results[1]?.reason).toBe('“first” did not pass');
    expect(verdictOf(results, false)).toBe('fail');
  });

  it('goes on after a phase that others do not stand on', async () => {
    const results = await run([phase('first', async () => {}), good('second')]);
    expect(results.map(({ verdict }) => verdict)).toEqual(['fail', 'pass']);
  });

  it('runs what was asked for and what that stands on', async () => {
    const results = await run([good('a', { fatal: true }), good('b'), good('c')], { only: ['c'] });
    expect(results.map(({ verdict }) => verdict)).toEqual(['pass', 'skipped', 'pass']);
  });

  it('says error when the board failed and the rig did too: neither is forgotten, and nothing is a pass', async () => {
    const results = await run([phase('a', async () => {}), phase('b', () => Promise.reject(new RigFault('x')))]);
    expect(results.map(({ verdict }) => verdict)).toEqual(['fail', 'error']);
    expect(verdictOf(results, false)).toBe('error');
    expect(verdictOf([], false)).toBe('error');
    expect(verdictOf(await run([good('a')]), true)).toBe('error');
  });
});

describe('a run', () => {
  /** As `run`, with all that a caller may give. */
  const runWith = (phases: readonly Phase[], more: Partial<RunOptions>) =>
    runPhases(phases, {
      board: { repairs: noRepairs(), interrupt: () => {} } as Partial<BoardUnderTest> as BoardUnderTest,
      partner: null,
      clock: new VirtualClock(),
      signal: new AbortController().signal,
      only: null,
      ...more,
    });

  it('says why a phase was left out, and that nothing of it was measured', async () => {
    const [left, alone] = await run([good('a'), good('b', { fatal: true, needsPartner: true })], { only: [] });
    expect(left).toMatchObject({ verdict: 'skipped', reason: 'not asked for', durationMs: 0, lateness: null });
    expect(left!.measurements.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['a-m', 'unset'],
      ['a-repairs', 'unset'],
    ]);
    expect(left!.series).toEqual([]);
    expect(alone).toMatchObject({ verdict: 'skipped', reason: 'there is no second board (--partner)' });
  });

  it('with a second board runs what needs one', async () => {
    const partner = { repairs: noRepairs() } as Partial<BoardUnderTest> as BoardUnderTest;
    const [result] = await runWith([good('a', { needsPartner: true })], { partner });
    expect(result?.verdict).toBe('pass');
  });

  it('runs nothing when it was interrupted before', async () => {
    const [result] = await run([good('a')], { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ verdict: 'skipped', reason: 'the test was interrupted' });
  });

  it('interrupts the board once, and leaves out what follows', async () => {
    const stop = new AbortController();
    let interrupts = 0;
    const board = { repairs: noRepairs(), interrupt: () => interrupts++ } as Partial<BoardUnderTest> as BoardUnderTest;
    const body: Phase['run'] = async () => {
      stop.abort();
      throw new BoardFault('cut off');
    };
    const results = await runWith([phase('a', body), good('b')], { board, signal: stop.signal });
    expect(results.map(({ verdict, reason }) => `${verdict}: ${reason}`)).toEqual([
      'error: interrupted',
      'skipped: the test was interrupted',
    ]);
    expect(interrupts).toBe(1);
  });

  it('does not interrupt the board for a phase that has ended', async () => {
    const stop = new AbortController();
    let interrupts = 0;
    const board = { repairs: noRepairs(), interrupt: () => interrupts++ } as Partial<BoardUnderTest> as BoardUnderTest;
    await runWith([good('a')], { board, signal: stop.signal });
    stop.abort();
    expect(interrupts).toBe(0);
  });

  it('goes on after a fatal phase that passed', async () => {
    const results = await run([good('a', { fatal: true }), good('b')]);
    expect(results.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['pass', ''],
      ['pass', ''],
    ]);
  });

  it('gives phases what the caller gave, and does without', async () => {
    const heard: string[] = [];
    const reader = { name: 'plain' } as never;
    const other = { name: 'recorded' } as never;
    let got: unknown[] = [];
    const body: Phase['run'] = async (context) => {
      context.say('words');
      await context.instruct('press');
      got.push(context.recorded(reader));
      context.keep({ id: 's', what: 'Series', unit: 'ms', values: [1] } as never);
      context.measure('p-m', 1);
    };
    const [result] = await runWith([phase('p', body)], {
      say: (text) => heard.push(`said ${text}`),
      instruct: async (text) => void heard.push(`instructed ${text}`),
      recorded: () => other,
    });
    expect(heard).toEqual(['said words', 'instructed press']);
    expect(got).toEqual([other]);
    expect(result!.series).toEqual([{ id: 's', what: 'Series', unit: 'ms', values: [1] }]);
    got = [];
    expect((await run([phase('p', body)]))[0]?.verdict).toBe('pass');
    expect(got).toEqual([reader]);
  });

  it('says how long a phase took, and which of its measurements is in doubt', async () => {
    let nowNs = 5e9;
    const clock = { nowNs: () => nowNs } as Partial<RunOptions['clock']> as RunOptions['clock'];
    const body: Phase['run'] = async ({ measure }) => {
      nowNs += 7e6;
      measure('p-m', 1);
    };
    const [result] = await runWith([phase('p', body)], { clock });
    expect(result).toMatchObject({ durationMs: 7, series: [] });
  });

  it.each<[string, Phase['run'], string]>([
    [
      'twice',
      async ({ measure }) => {
        measure('p-m', 1);
        measure('p-m', 2);
      },
      'p measures p-m twice',
    ],
    ['unannounced', async ({ measure }) => measure('q', 1), 'p has no measurement q'],
  ])('refuses what is measured %s', async (_, body, words) => {
    const [result] = await run([phase('p', body)]);
    expect(result).toMatchObject({ verdict: 'error', reason: `this is a fault of vitap: ${words}` });
  });

  it('takes any of several measurements, and lists what is wrong with all', async () => {
    const measurements = ['x', 'y', 'z'].map((id) => ({ ...plan({ max: 10 }), id, what: id }));
    const body: Phase['run'] = async ({ measure }) => {
      measure('y', 12);
      measure('x', 11);
    };
    const [result] = await run([phase('p', body, { measurements })]);
    expect(result?.reason).toBe('x: 11 ms, must be at most 10 ms; y: 12 ms, must be at most 10 ms; z: not measured');
  });

  it.each<[HalErrorKind, 'fail' | 'error']>([
    ['timeout', 'fail'],
    ['protocol', 'fail'],
    ['no-port', 'error'],
    ['busy', 'error'],
    ['permission', 'error'],
    ['reader-lost', 'error'],
    ['no-service', 'error'],
    ['no-reader', 'error'],
    ['aborted', 'error'],
    ['storage', 'error'],
    ['damaged', 'error'],
  ])('blames for %s: %s', (kind, verdict) => {
    expect(whose(new HalError(kind, 'why'), new AbortController().signal)).toEqual({ verdict, reason: 'why' });
    expect(whose(new HalError(kind, 'why'), AbortSignal.abort())).toEqual({ verdict: 'error', reason: 'interrupted' });
  });

  it('has a verdict', async () => {
    const [pass] = await run([good('a')]);
    const [fail] = await run([phase('a', async () => {})]);
    const [skipped] = await run([good('a')], { only: [] });
    expect(verdictOf([skipped!, pass!], false)).toBe('pass');
    expect(verdictOf([pass!, fail!], false)).toBe('fail');
    expect(verdictOf([skipped!], false)).toBe('error');
  });
});

/** A machine of which a test decides how late it is. */
class LateMachine {
  #nowNs = 0;
  #timers: { readonly atNs: number; readonly action: () => void }[] = [];
  readonly watch = new LatenessWatch(
    { nowNs: () => this.#nowNs },
    {
      after: (ms, action) => {
        const timer = { atNs: this.#nowNs + ms * 1e6, action };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((each) => each !== timer);
        };
      },
    },
  );

  /** Time passes in which nothing of this program runs. */
  sleep(ms: number): void {
    this.#nowNs += ms * 1e6;
  }

  /** What is due runs. */
  wake(): void {
    for (const timer of this.#timers.splice(0)) {
      if (timer.atNs <= this.#nowNs) timer.action();
      else this.#timers.push(timer);
    }
  }
}

describe('the lateness of the rig', () => {
  const silence = (): never => {
    throw new HalError('timeout', 'does not answer');
  };
  const timed: Partial<Phase> = { measurements: [{ ...plan({ max: 10 }, { timed: true }), id: 'p-m' }] };

  it.each<[string, lateMs: number, Phase['run'], Partial<Phase>, verdict: string, reason: RegExp]>([
    ['a timeout on a machine in time', 49, silence, {}, 'fail', /^does not answer$/],
    [
      'a timeout on a late machine',
      50,
      silence,
      {},
      'error',
      /^this machine was up to 50 ms late .*: does not answer$/,
    ],
    [
      'a fault that follows from a timeout',
      300,
      async () => {
        throw new BoardFault('broke off', { cause: new HalError('protocol', 'damaged') });
      },
      {},
      'error',
      /up to 300 ms late.*: broke off/,
    ],
    [
      'a time over its limit',
      300,
      async ({ measure }) => measure('p-m', 11),
      timed,
      'error',
      /up to 300 ms late.*: Measured: 11 ms/,
    ],
    // What the chip itself says is wrong, however late it is heard.
    [
      'a value over its limit that time has no part in',
      300,
      async ({ measure }) => measure('p-m', 11),
      {},
      'fail',
      /^Measured: 11 ms/,
    ],
    [
      'a fault that has nothing to do with time',
      300,
      async () => {
        throw new BoardFault('another chip');
      },
      {},
      'fail',
      /^another chip$/,
    ],
    ['a pass', 300, async ({ measure }) => measure('p-m', 9), timed, 'pass', /^$/],
  ])('%s', async (_, lateMs, body, more, verdict, reason) => {
    const machine = new LateMachine();
    const late: Phase['run'] = async (context) => {
      // In time for one period of 10 ms, then late, then in time again.
      for (const ms of [10, 10 + lateMs, 10]) {
        machine.sleep(ms);
        machine.wake();
      }
      await body(context);
    };
    const [result] = await run([phase('p', late, more)], { lateness: machine.watch });
    expect(result).toMatchObject({ verdict, reason: expect.stringMatching(reason), lateness: { longestMs: lateMs } });
  });

  it('is summed up over what is noticed, more than 5 ms', () => {
    const machine = new LateMachine();
    machine.watch.start();
    for (const lateMs of [4, 5, 6, 30, 20]) {
      machine.sleep(10 + lateMs);
      machine.wake();
    }
    machine.sleep(10);
    expect(machine.watch.stop()).toEqual({ longestMs: 30, totalMs: 6 + 30 + 20 });
  });

  it('of all phases is the longest of those that were watched', () => {
    const late = (longestMs: number) => ({ lateness: { longestMs, totalMs: 0 } });
    expect(longestLatenessMs([late(3), { lateness: null }, late(7), late(5)])).toBe(7);
    expect(longestLatenessMs([{ lateness: null }])).toBeNull();
    expect(longestLatenessMs([])).toBeNull();
  });

  it.each<[HalErrorKind, string]>([
    ['timeout', 'error'],
    ['protocol', 'error'],
    ['no-card', 'fail'],
  ])('explains %s: %s', async (kind, verdict) => {
    const machine = new LateMachine();
    const body: Phase['run'] = async () => {
      machine.sleep(200);
      throw new HalError(kind, 'why');
    };
    const [result] = await run([phase('p', body)], { lateness: machine.watch });
    expect(result?.verdict).toBe(verdict);
  });

  it('is seen in the very turn in which the phase ends', async () => {
    const machine = new LateMachine();
    const [result] = await run(
      [
        phase('p', async () => {
          machine.sleep(200);
          silence();
        }),
      ],
      { lateness: machine.watch },
    );
    expect(result).toMatchObject({ verdict: 'error', lateness: { longestMs: 190 } });
  });

  it('of one phase is not that of the next', async () => {
    const machine = new LateMachine();
    const first = phase('first', async ({ measure }) => {
      machine.sleep(200);
      measure('first-m', 1);
    });
    const results = await run([first, phase('second', async () => silence())], { lateness: machine.watch });
    expect(results.map(({ verdict }) => verdict)).toEqual(['pass', 'fail']);
  });

  it('explains repairs too', async () => {
    const machine = new LateMachine();
    const repairs = noRepairs();
    const body: Phase['run'] = async ({ measure }) => {
      machine.sleep(200);
      repairs.resent++;
      measure('p-m', 1);
    };
    const [result] = await run([phase('p', body)], { lateness: machine.watch, repairs });
    expect(result).toMatchObject({
      verdict: 'error',
      reason: expect.stringContaining('Repairs on the line: 1 (1 command sent again), must be at most 0'),
    });
  });
});
