import { quantileOf } from '../../figures/quantile.ts';

/** What a computation took, in milliseconds. */
export interface Spent {
  readonly wallMs: number;
  /** Processor time of this process: other programs on the machine do not add to it. What ratios are made of. */
  readonly processorMs: number;
}

/** Readings of the clocks with nothing between, to know what they take themselves. */
const READINGS = 2001;
let clocks: Spent | null = null;

/** Times a computation, less what reading the clocks takes. */
export function timed<T>(computation: () => T): { readonly result: T; readonly spent: Spent } {
  clocks ??= clocksAlone();
  const { result, spent } = read(computation);
  return {
    result,
    spent: {
      wallMs: Math.max(spent.wallMs - clocks.wallMs, 0),
      processorMs: Math.max(spent.processorMs - clocks.processorMs, 0),
    },
  };
}

export function sumOf(spent: readonly Spent[]): Spent {
  let [wallMs, processorMs] = [0, 0];
  for (const each of spent) {
    wallMs += each.wallMs;
    processorMs += each.processorMs;
  }
  return { wallMs, processorMs };
}

function read<T>(computation: () => T): { readonly result: T; readonly spent: Spent } {
  const fromProcessor = process.cpuUsage();
  const from = performance.now();
  const result = computation();
  const wallMs = performance.now() - from;
  const { user, system } = process.cpuUsage(fromProcessor);
  return { result, spent: { wallMs, processorMs: (user + system) / 1000 } };
}

/** A median: processor time is told in whole microseconds, and reading it takes some. */
function clocksAlone(): Spent {
  const readings = Array.from({ length: READINGS }, () => read(() => undefined).spent);
  return {
    wallMs: quantileOf(
      readings.map(({ wallMs }) => wallMs),
      0.5,
    ),
    processorMs: quantileOf(
      readings.map(({ processorMs }) => processorMs),
      0.5,
    ),
  };
}
