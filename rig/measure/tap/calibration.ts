import type { Clock } from '../../../src/hal/clock.ts';
import { ascending, quantile } from '../../figures/quantile.ts';

/** How steadily this machine does the same piece of work again and again, with nothing else asked of it. */
export interface Calibration {
  readonly count: number;
  readonly p50ns: number;
  readonly p90ns: number;
  readonly p99ns: number;
  readonly maxNs: number;
  /** Share of the time that was over the median: what somebody else took. 0 to 1. */
  readonly stolen: number;
  /** One reading of the clock. */
  readonly clockNs: number;
  /** The smallest step that the clock was seen to make. */
  readonly clockStepNs: number;
}

const ROUNDS = 2000;
const WARM_UP = 200;
const WORK = 20_000;
const CLOCK_READINGS = 20_000;

/** Takes some 100 ms. */
export function calibrate(clock: Clock): Calibration {
  const times = new Float64Array(ROUNDS);
  for (let i = -WARM_UP; i < ROUNDS; i++) {
    const startNs = clock.nowNs();
    work();
    if (i >= 0) times[i] = clock.nowNs() - startNs;
  }
  const { clockNs, clockStepNs } = ofClock(clock);
  return { ...spreadOf(times), clockNs, clockStepNs };
}

/** @param times of equal pieces of work, in nanoseconds */
export function spreadOf(times: Float64Array): Omit<Calibration, 'clockNs' | 'clockStepNs'> {
  const sorted = ascending(times);
  const at = (share: number): number => quantile(sorted, share);
  const p50ns = at(0.5);
  const total = sorted.reduce((sum, each) => sum + each, 0);
  const over = sorted.reduce((sum, each) => sum + Math.max(each - p50ns, 0), 0);
  return {
    count: sorted.length,
    p50ns,
    p90ns: at(0.9),
    p99ns: at(0.99),
    maxNs: at(1),
    stolen: total === 0 ? 0 : over / total,
  };
}

/** Kept, so that no compiler leaves the work out. */
let sink = 0;

function work(): void {
  let value = sink | 1;
  for (let i = 0; i < WORK; i++) value = (Math.imul(value, 1_103_515_245) + 12_345) | 0;
  sink = value;
}

function ofClock(clock: Clock): { clockNs: number; clockStepNs: number } {
  let step = Number.POSITIVE_INFINITY;
  const startNs = clock.nowNs();
  let before = startNs;
  for (let i = 0; i < CLOCK_READINGS; i++) {
    const now = clock.nowNs();
    if (now > before) step = Math.min(step, now - before);
    before = now;
  }
  return { clockNs: Math.round((before - startNs) / CLOCK_READINGS), clockStepNs: Number.isFinite(step) ? step : 0 };
}
