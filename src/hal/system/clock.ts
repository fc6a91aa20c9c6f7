import { performance } from 'node:perf_hooks';
import type { Clock } from '../clock.ts';

/**
 * The machine's clocks; monotonic time counts from the start of the process.
 *
 * `performance.now()` is the high-resolution timer in milliseconds; as a double it still tells a nanosecond after
 * three months, and unlike `process.hrtime` it makes no array or BigInt.
 */
export const systemClock: Clock = {
  nowNs: () => Math.round(performance.now() * 1e6),
  wallSeconds: () => Math.floor(Date.now() / 1000),
};
