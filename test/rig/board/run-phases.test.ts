import { describe, expect, it } from 'vitest';
import type { BoardUnderTest } from '../../../rig/board/board-under-test.ts';
import type { Limits, MeasuredValue, MeasurementPlan } from '../../../rig/board/measurement.ts';
import { judgeMeasurement, limitsInWords, valueInWords } from '../../../rig/board/measurement.ts';
import { BoardFault, type Phase, type PhaseContext, RigFault } from '../../../rig/board/phase.ts';
import { runPhases, verdictOf } from '../../../rig/board/run-phases.ts';
import { HalError } from '../../../src/hal/errors.ts';
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

const run = (phases: readonly Phase[], more: { only?: readonly string[]; signal?: AbortSignal } = {}) =>
  runPhases(phases, {
    board: {} as BoardUnderTest,
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
