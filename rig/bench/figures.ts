import { cpus, totalmem } from 'node:os';

/** Figures of one command; times in microseconds. */
export interface Figures {
  readonly n: number;
  /** Of single commands, each between two readings of the clock, which are part of it. */
  readonly p50us: number;
  readonly p99us: number;
  /** Of all of them in one go, with the clock read at its ends. */
  readonly perSecond: number;
  /** Of one, on average, in the quickest of {@link ROUNDS} rounds: what the machine's other work disturbs least. */
  readonly bestUs: number;
}

/** Runs that the optimising compiler needs before figures mean anything. */
export const WARM_UP = 20_000;

/** The calls that are timed together are timed in so many rounds. */
const ROUNDS = 5;

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

  const samples = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    run(i);
    samples[i] = performance.now() - from;
  }
  samples.sort();
  const at = (share: number): number => (samples[Math.min(count - 1, Math.floor(share * count))] as number) * 1000;
  return { n: count, p50us: at(0.5), p99us: at(0.99), perSecond: (count / totalNs) * 1e9, bestUs };
}

/** What the figures were taken on. */
export function machine(): { readonly machine: string; readonly node: string } {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return { machine: `${processors.length} × ${model}, ${memory} GB`, node: process.version };
}
