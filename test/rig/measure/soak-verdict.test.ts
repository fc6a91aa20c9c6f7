import { describe, expect, it } from 'vitest';
import { FEWEST_SAMPLES, judgeSoak, SOAK_LIMITS, type SoakSample } from '../../../rig/measure/soak-verdict.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';

const random = new SeededRandom('soak');

/** From −1 to 1. */
function noise(): number {
  const drawn = new Uint8Array(4);
  random.fill(drawn, 0, 4);
  return new DataView(drawn.buffer).getInt32(0) / 2 ** 31;
}

/** A run of 50 samples; `change` says how the sample at `share` of the run differs from a steady one. */
function run(change: (share: number, i: number) => Partial<SoakSample> = () => ({}), count = 50): SoakSample[] {
  return Array.from({ length: count }, (_, i) => ({
    atSeconds: i,
    taps: 1000,
    failed: 0,
    p50us: 100 + 2 * noise(),
    p99us: 200,
    heapBytes: 20_000_000 + 100_000 * noise(),
    residentBytes: 90_000_000,
    handles: i % 3,
    descriptors: 20 + (i % 2),
    ...change(i / (count - 1), i),
  }));
}

const verdicts = (samples: readonly SoakSample[]) =>
  Object.fromEntries(judgeSoak(samples, SOAK_LIMITS, '3 × timeout').map(({ id, verdict }) => [id, verdict]));
const PASS = { failures: 'pass', drift: 'pass', memory: 'pass', handles: 'pass', descriptors: 'pass' };

describe('verdict of a soak run', () => {
  it.each(Array.from({ length: 20 }, (_, i) => i))('a steady run passes (%i)', () => {
    expect(verdicts(run())).toEqual(PASS);
  });

  it('taps that get a tenth slower are found', () => {
    expect(verdicts(run((share) => ({ p50us: 100 + 10 * share + 2 * noise() })))).toEqual({ ...PASS, drift: 'fail' });
  });

  it('a drift within the limit, and taps that get quicker, pass', () => {
    expect(verdicts(run((share) => ({ p50us: 100 + 3 * share })))).toEqual(PASS);
    expect(verdicts(run((share) => ({ p50us: 100 - 30 * share })))).toEqual(PASS);
  });

  it('one bad stretch is no drift', () => {
    expect(verdicts(run((_, i) => (i === 30 ? { p50us: 5000 } : {})))).toEqual(PASS);
  });

  it('a heap that grows by 100 bytes a tap is found', () => {
    const samples = run((_, i) => ({ heapBytes: 20_000_000 + 100 * 1000 * i + 100_000 * noise() }));
    const memory = judgeSoak(samples, SOAK_LIMITS, '').find(({ id }) => id === 'memory');
    expect(memory?.verdict).toBe('fail');
    expect(Number(/([+\d.]+) bytes a tap/.exec(memory?.detail ?? '')?.[1])).toBeCloseTo(100, -1);
  });

  it('a heap that is collected now and then passes', () => {
    expect(verdicts(run((_, i) => ({ heapBytes: 20_000_000 + 300_000 * (i % 7) })))).toEqual(PASS);
  });

  it.each(['handles', 'descriptors'] as const)('%s that are not given back are found', (what) => {
    expect(verdicts(run((share) => ({ [what]: 10 + Math.floor(8 * share) })))).toEqual({ ...PASS, [what]: 'fail' });
  });

  it('a system that tells of no descriptors is not judged by them', () => {
    expect(verdicts(run(() => ({ descriptors: null })))).toEqual({ ...PASS, descriptors: 'inconclusive' });
  });

  it('taps that failed are said, with how', () => {
    const [failures] = judgeSoak(
      run((_, i) => ({ failed: i === 4 ? 3 : 0 })),
      SOAK_LIMITS,
      '3 × timeout',
    );
    expect(failures).toEqual({
      id: 'failures',
      verdict: 'fail',
      detail: '3 of 50000 taps failed: 3 × timeout',
    });
  });

  it('too few samples decide nothing', () => {
    expect(verdicts(run(() => ({}), FEWEST_SAMPLES - 1))).toEqual({
      failures: 'pass',
      drift: 'inconclusive',
      memory: 'inconclusive',
      handles: 'inconclusive',
      descriptors: 'inconclusive',
    });
    expect(verdicts([]).failures).toBe('inconclusive');
  });
});
