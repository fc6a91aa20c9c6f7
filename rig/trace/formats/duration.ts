import type { Losses } from '../stream.ts';

/** No answer takes longer than a month; a log that says so is damaged there. */
const LONGEST_NS = 31 * 86_400e9;

/** A duration that a log tells, in nanoseconds; 0, and counted, when nothing takes so long. */
export function plausible(ns: number, losses: Losses): number {
  if (ns <= LONGEST_NS) return Math.round(ns);
  losses.add('durations of more than a month');
  return 0;
}
