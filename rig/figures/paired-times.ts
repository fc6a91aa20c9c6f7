/** Times of two things that were done in turn, in milliseconds, in their order. */
export interface PairedTimes {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

export interface PairsAsked {
  readonly pairs: number;
  /** Pairs before the first that counts: plans, caches, compilers. */
  readonly warmUp: number;
  /** Ends it between two pairs. */
  readonly signal: AbortSignal;
}

/**
 * Does two things again and again in turn, so that what the machine does beside them meets both. Each goes first in every
 * second pair. They get the number of the pair, from 0.
 */
export async function pairedTimes(
  { pairs, warmUp, signal }: PairsAsked,
  doA: (i: number) => Promise<unknown>,
  doB: (i: number) => Promise<unknown>,
): Promise<PairedTimes> {
  const [a, b]: [number[], number[]] = [[], []];
  for (let i = -warmUp; i < pairs; i++) {
    signal.throwIfAborted();
    const place = i < 0 ? i + warmUp : i;
    const [first, second] = i % 2 === 0 ? [doA, doB] : [doB, doA];
    const times = [await timeOf(() => first(place)), await timeOf(() => second(place))] as const;
    if (i < 0) continue;
    a.push(i % 2 === 0 ? times[0] : times[1]);
    b.push(i % 2 === 0 ? times[1] : times[0]);
  }
  return { a, b };
}

/** Milliseconds that it took. */
export async function timeOf(operation: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await operation();
  return performance.now() - from;
}
