import type { Clock } from '../../../src/hal/clock.ts';
import { median } from '../../figures/quantile.ts';
import { trendOf } from '../../figures/trend.ts';
import type { Arrivals, Schedule, TapSample } from './result.ts';

/** Waiting, by argument: a simulated field has a time of its own. */
export interface Waiter {
  readonly clock: Clock;
  /** @param atNs on the clock; returns at once when it has passed */
  until(atNs: number, signal: AbortSignal): Promise<void>;
}

/** A timer of the event loop comes up to this much late: the last bit is waited out in turns of the loop. */
const TIMER_SLACK_NS = 2_000_000;

export function realWaiter(clock: Clock): Waiter {
  return {
    clock,
    async until(atNs, signal) {
      for (;;) {
        const leftNs = atNs - clock.nowNs();
        if (leftNs <= 0 || signal.aborted) return;
        await new Promise<void>((resolve) => {
          if (leftNs <= TIMER_SLACK_NS) setImmediate(resolve);
          else setTimeout(resolve, Math.min((leftNs - TIMER_SLACK_NS) / 1e6, 100));
        });
      }
    },
  };
}

/** When tap `index` is to begin, from the first; null without a schedule. */
export function intendedNs(arrivals: Arrivals, index: number): number | null {
  return arrivals.kind === 'closed' ? null : Math.round((index * 1e9) / arrivals.ratePerSecond);
}

/** A start this much after its moment is the schedule's own doing, and not late. */
const ON_TIME_NS = 1_000_000;

/** How well the schedule was kept. @param taps in the order of the run */
export function scheduleOf(arrivals: Arrivals, taps: readonly TapSample[]): Schedule {
  if (arrivals.kind === 'closed') return { arrivals, late: 0, worstLateNs: 0, load: null, overloaded: false };
  const intervalNs = 1e9 / arrivals.ratePerSecond;
  const lateness = taps.map((tap) => tap.startNs - (tap.intendedNs ?? tap.startNs));
  return {
    arrivals,
    late: lateness.filter((ns) => ns > ON_TIME_NS).length,
    worstLateNs: lateness.reduce((worst, ns) => Math.max(worst, ns), 0),
    load: loadOf(taps, lateness, intervalNs),
    overloaded: queueGrows(lateness, intervalNs),
  };
}

/**
 * Mean time that a tap keeps the reader, as a share of the interval. Where the next tap was late, the reader was kept
 * until that began: letting go of the card is in it. Elsewhere only the tap itself is known.
 */
function loadOf(taps: readonly TapSample[], lateness: readonly number[], intervalNs: number): number | null {
  if (taps.length === 0) return null;
  const kept = taps.map(({ startNs, endNs }, i) => {
    const next = taps[i + 1];
    return next !== undefined && (lateness[i + 1] as number) > ON_TIME_NS ? next.startNs - startNs : endNs - startNs;
  });
  return kept.reduce((sum, ns) => sum + ns, 0) / kept.length / intervalNs;
}

/** Medians of so many pieces of a run are compared. */
const PIECES = 20;
/** Mann and Kendall's Z over which a rise is no chance, one time in a hundred. */
const RISING_Z = 2.33;

/**
 * Whether the taps came faster than they were served: then each tap waits longer than the one before, up to the end. A
 * stall makes the taps behind it late too, but the queue shrinks again, or it is one piece of the run.
 */
function queueGrows(lateness: readonly number[], intervalNs: number): boolean {
  const pieces: number[] = [];
  const count = Math.min(PIECES, lateness.length);
  for (let i = 0; i < count; i++) {
    const [from, to] = [i, i + 1].map((at) => Math.floor((at * lateness.length) / count)) as [number, number];
    pieces.push(median(lateness.slice(from, to)));
  }
  const { z, change } = trendOf(pieces);
  const atEnd = pieces.at(-1) ?? 0;
  return z > RISING_Z && change > ON_TIME_NS && atEnd > Math.max(intervalNs, ON_TIME_NS);
}
