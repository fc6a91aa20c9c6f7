import { ascending, quantile } from './quantile.ts';

/** What values of one kind say. */
export interface Spread {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  /** The first in time; it counts among the others too. */
  readonly first: number;
}

/** @param values in their order; null: there are none */
export function spreadOf(values: readonly number[]): Spread | null {
  const [first] = values;
  if (first === undefined) return null;
  const sorted = ascending(values);
  const worst = sorted.at(-1) as number;
  return { n: values.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), worst, first };
}

/** As a person reads it. */
export function spreadText(spread: Spread | null, unit: string, digits: number): string {
  if (spread === null) return 'none';
  const text = (value: number): string => `${value.toFixed(digits)} ${unit}`;
  const { n, p50, p99, worst, first } = spread;
  return `median ${text(p50)}, p99 ${text(p99)}, worst ${text(worst)}, first ${text(first)} (n ${n})`;
}
