import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { ascending } from '../../figures/quantile.ts';
import { quantileInterval } from '../../figures/quantile-interval.ts';
import { CONFIDENCE, type Distribution, type Estimate, HISTOGRAM_UNIT_NS } from './result.ts';

/** Longest value of a histogram: ten minutes, so that all histograms can be added. */
const LONGEST_UNITS = (600 * 1e9) / HISTOGRAM_UNIT_NS;
const SIGNIFICANT_DIGITS = 3;

/** @param values in nanoseconds, at least one */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = ascending(values);
  const n = sorted.length;
  if (n === 0) throw new RangeError('no values have no distribution');
  const at = (share: number): Estimate => quantileInterval(sorted, share, CONFIDENCE);
  return {
    n,
    mean: Math.round(sorted.reduce((sum, each) => sum + each, 0) / n),
    min: sorted[0] as number,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: sorted[n - 1] as number,
    histogram: histogramOf(sorted),
  };
}

/** Histogram; negative values, which a residual can have, count as 0. */
function histogramOf(values: Float64Array): string {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_UNITS,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    bitBucketSize: 32,
  });
  for (const ns of values) {
    histogram.recordValue(Math.min(Math.max(Math.round(ns / HISTOGRAM_UNIT_NS), 0), LONGEST_UNITS));
  }
  return encodeIntoCompressedBase64(histogram);
}

/** A histogram of a result, to look into or to add to another. */
export function readHistogram(text: string): Histogram {
  return decodeFromCompressedBase64(text, 32, false);
}
