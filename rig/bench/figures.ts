import { cpus, totalmem } from 'node:os';

/** Figures of one command; times in microseconds. */
export interface Figures {
  readonly n: number;
  /** Of single commands, each between two readings of the clock, which are part of it. */
  readonly p50us: number;
  readonly p99us: number;
  /** Of all of them in one go, with the clock read at its ends. */
  readonly perSecond: number;
}

/** Runs that the optimising compiler needs before figures mean anything. */
export const WARM_UP = 20_000;

/** Times `count` calls together, then as many one by one. @param run given the number of the call */
export function measureCalls(run: (call: number) => void, count: number, warmUp: number = WARM_UP): Figures {
  for (let i = 0; i < warmUp; i++) run(i);

  const startNs = process.hrtime.bigint();
  for (let i = 0; i < count; i++) run(i);
  const totalNs = Number(process.hrtime.bigint() - startNs);

  const samples = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    run(i);
    samples[i] = performance.now() - from;
  }
  samples.sort();
  const at = (share: number): number => (samples[Math.min(count - 1, Math.floor(share * count))] as number) * 1000;
  return { n: count, p50us: at(0.5), p99us: at(0.99), perSecond: (count / totalNs) * 1e9 };
}

/** What the figures were taken on. */
export function machine(): { readonly machine: string; readonly node: string } {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return { machine: `${processors.length} × ${model}, ${memory} GB`, node: process.version };
}
