import { shown } from '../../console/shown.ts';
import type { Comparison } from './compare-results.ts';
import { COMPARE_CONFIDENCE, type Effect } from './effect.ts';

/** Highest to lowest ratio of an interval that says little. */
const WIDE = 1.15;

/** `slower: +8.4 % (+7.1 % to +9.8 %)` */
export function effectInWords({ ratio, verdict, margin }: Effect): string {
  const interval = `${percent(ratio.low)} to ${percent(ratio.high)}`;
  const less = verdict === 'no difference seen' ? ` beyond ${(margin * 100).toFixed(0)} %` : '';
  return `${verdict}${less}: ${percent(ratio.value)} (${interval})`;
}

/** 1.084 as `+8.4 %`. */
export function percent(ratio: number): string {
  if (!Number.isFinite(ratio)) return 'without end';
  if (ratio === 0) return '−100 %';
  const value = (ratio - 1) * 100;
  const digits = Math.abs(value).toFixed(Math.abs(value) < 100 ? 1 : 0);
  return `${value < 0 && Number(digits) !== 0 ? '−' : '+'}${digits} %`;
}

/** Nanoseconds as milliseconds or microseconds. */
export function duration(ns: number): string {
  return Math.abs(ns) >= 1e6 ? `${(ns / 1e6).toFixed(3)} ms` : `${(ns / 1000).toFixed(1)} µs`;
}

/** @param names what the two are called */
export function comparisonLines(
  { total, figures, doubts }: Comparison,
  names: readonly [baseline: string, current: string] = ['baseline', 'now'],
): string[] {
  const width = Math.max(14, ...figures.map(({ name }) => name.length + 2));
  const rows = figures.map(({ name, of, baseline, current, effect }) =>
    [
      `  ${(of === 'tap' ? 'tap' : name).padEnd(width)}`,
      duration(baseline).padStart(13),
      duration(current).padStart(13),
      percent(current / baseline).padStart(10),
      effect === null ? '' : `   ${effectInWords(effect)}`,
    ].join(''),
  );
  return [
    `Verdict: ${effectInWords(total)}`,
    '',
    `  ${'median of'.padEnd(width)}${names[0].padStart(13)}${names[1].padStart(13)}${'change'.padStart(10)}`,
    ...rows,
    '',
    ...precisionNote(total),
    `  In brackets the interval of ${COMPARE_CONFIDENCE * 100} % of the shift (Hodges-Lehmann), ${total.compared} ${total.method === 'paired' ? 'pairs' : 'blocks of each run'}.`,
    ...doubts.map((doubt) => `  Doubt: ${doubt}.`),
  ].map(shown);
}

/** Says so when the interval is too wide to mean much: that no difference was seen is then no sign that there is none. */
export function precisionNote(effect: Effect): string[] {
  if (!isUndecided(effect)) return [];
  return ['  The interval is wide: a difference may hide in it. More taps, or a quieter machine, would narrow it.'];
}

/** No difference was seen, and one of a size that matters could not have been. */
export function isUndecided({ ratio, verdict }: Effect): boolean {
  return verdict === 'no difference seen' && !(ratio.high / ratio.low < WIDE);
}

/** What a comparison of two commands says of the second, as a sentence. */
export function verdictOnB(effect: Effect): string {
  if (isUndecided(effect)) return 'undecided: the interval is too wide to say whether B differs';
  return `B is ${effect.verdict === 'no difference seen' ? 'no different, as far as was seen' : effect.verdict}`;
}
