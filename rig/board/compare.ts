import { median } from '../figures/quantile.ts';
import type { PhaseResult } from './phase.ts';
import type { Drift, EarlierRecord } from './record.ts';

/** Fewer passes do not say what is usual. */
const LEAST_EARLIER = 3;
/** A change of a quarter is worth a look, when it is also well outside of what the board did before. */
const DRIFT = 0.25;
/** In median absolute deviations of the earlier values. */
const SPREADS = 5;

/** Every number of this run beside the median of the board’s earlier passes. */
export function compareWithEarlier(
  phases: readonly PhaseResult[],
  earlier: readonly EarlierRecord[],
): readonly Drift[] {
  const passes = earlier.filter(({ verdict }) => verdict === 'pass');
  return phases.flatMap((phase) =>
    phase.measurements.flatMap((measurement): Drift[] => {
      const { id, what, unit, value } = measurement;
      if (typeof value !== 'number' || measurement.format === 'hex') return [];
      const before = passes
        .flatMap((record) => record.phases.filter((each) => each.id === phase.id))
        .flatMap((each) => each.measurements.filter((other) => other.id === id))
        .map((each) => each.value)
        .filter((each) => typeof each === 'number');
      if (before.length === 0) return [];
      const middle = median(before);
      const spread = median(before.map((each) => Math.abs(each - middle)));
      const change = middle === 0 ? null : value / middle - 1;
      const far = Math.abs(value - middle) > Math.max(SPREADS * spread, DRIFT * Math.abs(middle));
      const drifted = before.length >= LEAST_EARLIER && far;
      return [{ phase: phase.id, id, what, unit, value, median: middle, earlier: before.length, change, drifted }];
    }),
  );
}
