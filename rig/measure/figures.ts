import { cpus, totalmem } from 'node:os';
import { quantile } from '../figures/quantile.ts';

/** Figures of one command; times in microseconds. */
export interface Figures {
  readonly n: number;
  /** Median of single commands, each between two readings of the clock, less {@link clockUs}. */
  readonly p50us: number;
  readonly p99us: number;
  /** Rate of all commands in one go, with the clock read only at both ends. */
  readonly perSecond: number;
  /** Mean per command in the quickest of {@link ROUNDS} rounds, which other load disturbs least. */
  readonly bestUs: number;
  /** Median of nothing at all between two readings of the clock, taken in turn with the commands. */
  readonly clockUs: number;
}

/** Runs that the optimising compiler needs before figures mean anything. */
export const WARM_UP = 20_000;

/** The calls that are timed together are timed in so many rounds. */
const ROUNDS = 5;

/** A nanosecond: what the clock can tell. */
const SHORTEST_US = 0.001;

/** Times `count` calls together, then as many one by one. @param run given the number of the call */
export function measureCalls(run: (call: number) => void, count: number, warmUp: number = WARM_UP): Figures {
  for (let i = 0; i < warmUp; i++) run(i);

  let totalNs = 0;
  let bestUs = Number.POSITIVE_INFINITY;
  for (let round = 0, call = 0; round < ROUNDS; round++) {
    const first = call;
    const end = Math.ceil((count * (round + 1)) / ROUNDS);
    const startNs = process.hrtime.bigint();
    while (call < end) run(call++);
    const ns = Number(process.hrtime.bigint() - startNs);
    totalNs += ns;
    if (end > first) bestUs = Math.min(bestUs, ns / 1000 / (end - first));
  }

  const { samples, clockUs } = timeEach(run, count);
  return {
    n: count,
    p50us: lessClock(quantile(samples, 0.5), clockUs),
    p99us: lessClock(quantile(samples, 0.99), clockUs),
    perSecond: (count / totalNs) * 1e9,
    bestUs,
    clockUs,
  };
}

/** Microseconds of each call, the clock's own included, in ascending order; and the median of the clock's own. */
function timeEach(run: (call: number) => void, count: number): { samples: Float64Array; clockUs: number } {
  const samples = new Float64Array(count);
  const readings = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    // The clock in turn with the calls: what slows the machine down slows both.
    const before = performance.now();
    const from = performance.now();
    run(i);
    samples[i] = (performance.now() - from) * 1000;
    readings[i] = (from - before) * 1000;
  }
  return { samples: samples.sort(), clockUs: quantile(readings.sort(), 0.5) };
}

/** Never nothing: a command that hides in the clock's own spread took less than can be told, not no time. */
function lessClock(us: number, clockUs: number): number {
  return Math.max(us - clockUs, SHORTEST_US);
}

/** What the figures were taken on. */
export function machine(): { readonly machine: string; readonly node: string } {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return { machine: `${processors.length} × ${model}, ${memory} GB`, node: process.version };
}
