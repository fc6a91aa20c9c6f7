import type { Clock } from '../../../src/hal/clock.ts';
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

/** How well the schedule was kept. @param medianNs of a tap, or null when none was good */
export function scheduleOf(arrivals: Arrivals, taps: readonly TapSample[], medianNs: number | null): Schedule {
  if (arrivals.kind === 'closed') return { arrivals, late: 0, worstLateNs: 0, load: null };
  const lateness = taps.map((tap) => tap.startNs - (tap.intendedNs ?? tap.startNs));
  return {
    arrivals,
    late: lateness.filter((ns) => ns > ON_TIME_NS).length,
    worstLateNs: lateness.reduce((worst, ns) => Math.max(worst, ns), 0),
    load: medianNs === null ? null : (medianNs * arrivals.ratePerSecond) / 1e9,
  };
}
