import { median, quantile } from '../../figures/quantile.ts';
import { digits, unitFor } from './units.ts';

const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;
const BINS = 12;
const BAR = 40;

/**
 * Where a histogram ends, of values in their order: a few taps that the machine delayed would press all others together.
 * Nothing under the outer fence is cut off, and never more than a quarter.
 */
export function endOfBulk(sorted: readonly number[]): number {
  const at = (share: number): number => quantile(sorted, share);
  return Math.min(at(0.75) + 3 * (at(0.75) - at(0.25)), sorted.at(-1) as number);
}

/** Bars of how many taps took how long; the last one takes all that are much longer. */
export function histogramLines(values: readonly number[]): string[] {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[0] as number;
  const end = endOfBulk(sorted);
  // Where the bulk is one value, twelve bars would be eleven empty ones.
  const bins = end === low ? 1 : BINS;
  const width = Math.max((end - low) / bins, 1);
  const counts = new Array<number>(bins + 1).fill(0);
  for (const each of sorted) {
    const bin = each > end ? bins : Math.min(Math.floor((each - low) / width), bins - 1);
    counts[bin] = (counts[bin] as number) + 1;
  }
  const most = Math.max(...counts);
  const unit = unitFor(median(sorted));
  return counts.flatMap((count, bin) => {
    if (bin === bins && count === 0) return [];
    const from = bin === bins ? `over ${digits(end / unit.ns)}` : digits((low + bin * width) / unit.ns);
    return [`  ${`${from} ${unit.name}`.padStart(15)} ${bar(count / most)} ${count}`];
  });
}

function bar(share: number): string {
  const eighths = Math.round(share * BAR * 8);
  return '█'.repeat(eighths >> 3) + BLOCKS[eighths & 7];
}
