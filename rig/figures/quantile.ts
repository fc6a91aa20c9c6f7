/** A copy in ascending order. */
export function ascending(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** The smallest place in ascending order, from 1, that at least this share of `n` values does not exceed. */
export function rankOf(n: number, share: number): number {
  // Shares such as 0.99 are not exact in binary: 0.99 of 100 is the 99th and no other.
  return Math.min(Math.max(Math.ceil(share * n - 1e-9), 1), n);
}

/**
 * The smallest value that at least this share of the values do not exceed (definition 1 of Hyndman and Fan): always one
 * of the values.
 * @param sorted in ascending order
 * @param share 0 to 1
 * @throws {RangeError} no values
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const value = sorted[rankOf(sorted.length, share) - 1];
  if (value === undefined) throw new RangeError('no values have no quantile');
  return value;
}

/** {@link quantile} of values in any order. @throws {RangeError} no values */
export function quantileOf(values: ArrayLike<number>, share: number): number {
  return quantile(ascending(values), share);
}

/** The middle value, or the mean of the two middle ones; values in any order. @throws {RangeError} no values */
export function median(values: ArrayLike<number>): number {
  const sorted = ascending(values);
  const half = sorted.length >> 1;
  const upper = sorted[half];
  if (upper === undefined) throw new RangeError('no values have no median');
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
