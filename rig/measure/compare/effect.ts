import { median } from '../../figures/quantile.ts';
import { rankSumShift, type Shift, signedRankShift } from '../../figures/rank-interval.ts';
import type { Estimate } from '../tap/result.ts';

/** How much longer B takes than A. */
export interface Effect {
  /** B to A: 1.1 is ten per cent slower. With its interval of {@link COMPARE_CONFIDENCE}. */
  readonly ratio: Estimate;
  readonly method: 'paired' | 'independent';
  /** Values that were compared: pairs, or blocks of each side. */
  readonly compared: number;
  /** What is too small to be called a difference, as a share. */
  readonly margin: number;
  readonly verdict: EffectVerdict;
}

export type EffectVerdict = 'faster' | 'slower' | 'no difference seen';

/** One in a hundred comparisons of a thing with itself may be called a difference, and only if it passes the margin too. */
export const COMPARE_CONFIDENCE = 0.99;
/** Alternating runs share the machine's moods. */
export const PAIRED_MARGIN = 0.01;
/** Runs of different times do not: the machine itself is not the same to a few per cent. */
export const INDEPENDENT_MARGIN = 0.03;
/** With fewer pairs no interval of {@link COMPARE_CONFIDENCE} ends. */
export const LEAST_PAIRS = 8;
/** The same for two samples. */
export const LEAST_BLOCKS = 5;

/** More than this are put together in blocks: neighbours are not independent, and all pairs of pairs are too many. */
const MOST_COMPARED = 60;

/** Values that belong together by their place, as those of alternating runs. @param a positive, as long as `b` */
export function pairedEffect(a: readonly number[], b: readonly number[], margin: number = PAIRED_MARGIN): Effect {
  if (a.length !== b.length || a.length < LEAST_PAIRS) {
    throw new RangeError(`${LEAST_PAIRS} pairs or more are needed, not ${a.length} and ${b.length}`);
  }
  const differences = blockMedians(b.map((each, i) => Math.log(each / (a[i] as number))));
  const widen = widening(differences);
  const shift = signedRankShift(differences, COMPARE_CONFIDENCE, widen);
  return effectOf(shift, 'paired', differences.length, margin);
}

/** Two runs of different times, each in the order in which it was measured. @param a positive */
export function independentEffect(
  a: readonly number[],
  b: readonly number[],
  margin: number = INDEPENDENT_MARGIN,
): Effect {
  if (Math.min(a.length, b.length) < LEAST_BLOCKS) {
    throw new RangeError(`${LEAST_BLOCKS} values or more of each are needed, not ${a.length} and ${b.length}`);
  }
  const [blocksA, blocksB] = [blockMedians(a.map(Math.log)), blockMedians(b.map(Math.log))];
  const widen = Math.max(widening(blocksA), widening(blocksB));
  const shift = rankSumShift(blocksA, blocksB, COMPARE_CONFIDENCE, widen);
  return effectOf(shift, 'independent', Math.min(blocksA.length, blocksB.length), margin);
}

function effectOf({ value, low, high }: Shift, method: Effect['method'], compared: number, margin: number): Effect {
  const ratio = { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
  const verdict = ratio.low > 1 + margin ? 'slower' : ratio.high < 1 / (1 + margin) ? 'faster' : 'no difference seen';
  return { ratio, method, compared, margin, verdict };
}

/** Medians of blocks of neighbours, in their order. */
export function blockMedians(values: readonly number[]): number[] {
  if (values.length <= MOST_COMPARED) return [...values];
  const blocks: number[] = [];
  for (let block = 0; block < MOST_COMPARED; block++) {
    const from = Math.floor((block * values.length) / MOST_COMPARED);
    const to = Math.floor(((block + 1) * values.length) / MOST_COMPARED);
    blocks.push(median(values.slice(from, to)));
  }
  return blocks;
}

/**
 * What is left of dependence between neighbours makes an interval too narrow by √((1 + r) / (1 − r)), r being the
 * correlation of each with the next, here of their ranks. Under twenty values r says nothing.
 */
function widening(values: readonly number[]): number {
  if (values.length < 20) return 1;
  const ranks = midranks(values);
  let [products, squares] = [0, 0];
  for (let i = 0; i < ranks.length; i++) {
    const rank = ranks[i] as number;
    squares += rank * rank;
    if (i > 0) products += rank * (ranks[i - 1] as number);
  }
  if (squares === 0) return 1;
  const r = Math.min(products / squares, 0.9);
  // Chance alone makes it this large.
  return r < 2 / Math.sqrt(values.length) ? 1 : Math.sqrt((1 + r) / (1 - r));
}

/** Ranks of values in their places, from the middle rank; equal values share theirs. */
function midranks(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((x, y) => (values[x] as number) - (values[y] as number));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] as number] === values[order[from] as number]) to++;
    for (let at = from; at <= to; at++) ranks[order[at] as number] = (from + to - (values.length - 1)) / 2;
    from = to + 1;
  }
  return ranks;
}
