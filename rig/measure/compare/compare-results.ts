import { median } from '../../figures/quantile.ts';
import { counted } from '../../report/words.ts';
import { LAYERS, STAGES, type TapBenchResult, type TapSample } from '../tap/result.ts';
import { type Effect, independentEffect, LEAST_BLOCKS } from './effect.ts';

/** One figure of two results, side by side; medians in nanoseconds. */
export interface ComparedFigure {
  /** `total`, `first tap`, or the name of a stage, a layer or a command. */
  readonly name: string;
  readonly of: 'tap' | 'first' | 'stage' | 'layer' | 'command';
  readonly baseline: number;
  readonly current: number;
  /** Null where there is too little of it, or where only medians were kept. */
  readonly effect: Effect | null;
}

export interface Comparison {
  /** Effect on whole taps, which the verdict is about. */
  readonly total: Effect;
  readonly figures: readonly ComparedFigure[];
  /** Why the two may not be comparable, a sentence each. */
  readonly doubts: readonly string[];
}

/** A stage or layer below this share of the tap is left out: its ratio says nothing. */
const SMALLEST_SHARE = 0.01;

/**
 * Compares two runs of different times. Taps are taken in the order in which they were run.
 * @returns null when either has fewer than {@link LEAST_BLOCKS} good taps
 */
export function compareResults(baseline: TapBenchResult, current: TapBenchResult): Comparison | null {
  const [a, b] = [good(baseline), good(current)];
  if (Math.min(a.length, b.length) < LEAST_BLOCKS) return null;
  const total = figure('total', 'tap', a.map(length), b.map(length));
  const stages = STAGES.map((stage) => figure(stage, 'stage', times(a, 'stages', stage), times(b, 'stages', stage)));
  const layers = LAYERS.map((layer) => figure(layer, 'layer', times(a, 'layers', layer), times(b, 'layers', layer)));
  const parts = [...stages, ...layers].filter(
    (part) => Math.max(part.baseline / total.baseline, part.current / total.current) >= SMALLEST_SHARE,
  );
  return {
    total: total.effect as Effect,
    figures: [total, ...firstTaps(baseline, current), ...parts, ...commands(baseline, current)],
    doubts: doubtsOf(baseline, current),
  };
}

function good(result: TapBenchResult): readonly TapSample[] {
  return result.taps.filter(({ failure }) => failure === null);
}

/** Durations of the taps that did not fail, in order, nanoseconds. */
export function tapTimes(result: TapBenchResult): number[] {
  return good(result).map(length);
}

function length({ startNs, endNs }: TapSample): number {
  return endNs - startNs;
}

/** One of each: how far apart they are, and nothing of how sure that is. */
function firstTaps(baseline: TapBenchResult, current: TapBenchResult): ComparedFigure[] {
  const [then, now] = [firstTapTime(baseline), firstTapTime(current)];
  return then === null || now === null
    ? []
    : [{ name: 'first tap', of: 'first', baseline: then, current: now, effect: null }];
}

/** Nanoseconds of the first tap; null where there is none, or where it failed. */
export function firstTapTime({ first }: TapBenchResult): number | null {
  return first?.sample.failure === null ? length(first.sample) : null;
}

function times(taps: readonly TapSample[], kind: 'stages' | 'layers', name: string): number[] {
  return taps.map((tap) => (tap[kind] as Readonly<Record<string, number>> | undefined)?.[name] ?? 0);
}

function figure(name: string, of: ComparedFigure['of'], a: readonly number[], b: readonly number[]): ComparedFigure {
  const positive = [...a, ...b].every((each) => each > 0);
  return {
    name,
    of,
    baseline: medianOrNone(a),
    current: medianOrNone(b),
    effect: positive ? independentEffect(a, b) : null,
  };
}

/** Rows by command, of which a result keeps the medians only. */
function commands(baseline: TapBenchResult, current: TapBenchResult): ComparedFigure[] {
  const before = byCommand(baseline);
  const now = byCommand(current);
  return [...now].flatMap(([name, after]) => {
    const then = before.get(name);
    return then === undefined ? [] : [{ name, of: 'command' as const, baseline: then, current: after, effect: null }];
  });
}

/** Mean of the medians of a command's forms, weighted by how often each was sent. */
function byCommand({ figures }: TapBenchResult): Map<string, number> {
  const sums = new Map<string, { ns: number; count: number }>();
  for (const { command, count, p50 } of figures?.commands ?? []) {
    const sum = sums.get(command) ?? { ns: 0, count: 0 };
    sums.set(command, { ns: sum.ns + count * p50, count: sum.count + count });
  }
  return new Map([...sums].map(([command, { ns, count }]) => [command, ns / count]));
}

/** 0 where there is nothing. */
function medianOrNone(values: readonly number[]): number {
  return values.length === 0 ? 0 : median(values);
}

function doubtsOf(baseline: TapBenchResult, current: TapBenchResult): string[] {
  const doubts: string[] = [];
  const differ = (what: string, before: string, now: string): void => {
    if (before !== now) doubts.push(`another ${what}: ${before} then, ${now} now`);
  };
  differ('machine', baseline.environment.machine, current.environment.machine);
  differ('Node', baseline.environment.node, current.environment.node);
  differ('backend', baseline.environment.backend, current.environment.backend);
  differ('reader', baseline.setup.reader, current.setup.reader);
  differ('card', baseline.environment.card, current.environment.card);
  differ('sequence', baseline.setup.sequence, current.setup.sequence);
  // Results of before named one even where nothing was read by it.
  const [planThen, planNow] = [baseline.setup.plan, current.setup.plan];
  if (planThen !== null && planNow !== null) differ('plan', planThen, planNow);
  if (!baseline.diagnosis.trusted) doubts.push('the baseline says itself that it cannot be trusted');
  if (!current.diagnosis.trusted) doubts.push('this result says itself that it cannot be trusted');
  for (const [which, { taps }] of [
    ['baseline', baseline],
    ['this run', current],
  ] as const) {
    const failed = taps.filter(({ failure }) => failure !== null).length;
    if (failed > 0)
      doubts.push(
        `${failed} of ${counted(taps.length, 'tap')} of ${which === 'baseline' ? 'the baseline' : which} failed and ${failed === 1 ? 'is' : 'are'} left out`,
      );
  }
  return doubts;
}
