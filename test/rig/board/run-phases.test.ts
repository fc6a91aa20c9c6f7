import { describe, expect, it } from 'vitest';
import type { BoardUnderTest } from '../../../rig/board/board-under-test.ts';
import { LatenessWatch } from '../../../rig/board/lateness.ts';
import type { Limits, MeasuredValue, MeasurementPlan } from '../../../rig/board/measurement.ts';
import { judgeMeasurement, limitsInWords, valueInWords } from '../../../rig/board/measurement.ts';
import { BoardFault, type Phase, type PhaseContext, RigFault } from '../../../rig/board/phase.ts';
import { runPhases, verdictOf } from '../../../rig/board/run-phases.ts';
import { HalError } from '../../../src/hal/errors.ts';
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
