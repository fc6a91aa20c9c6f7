import { type Effect, independentEffect, LEAST_BLOCKS } from '../../measure/compare/effect.ts';
import type { JudgedRun } from './all-results.ts';

/** What is compared: all runs of a subject and a suite, one case of them, or one figure. */
export interface Compared {
  readonly subject: string;
  readonly suite: string;
  /** Identifier of the case, or name of the figure; null: the runs' verdicts. */
  readonly of: string | null;
}

export interface CampaignComparison {
  /** Passed always in the first campaign, and never in the second. */
  readonly newFailures: readonly Compared[];
  /** The other way round. */
  readonly mended: readonly Compared[];
  /** Passed and failed in the second campaign. */
  readonly flaky: readonly Compared[];
  /** Figures that differ, as `bench compare` decides it. */
  readonly slower: readonly (Compared & { readonly effect: Effect })[];
  readonly faster: readonly (Compared & { readonly effect: Effect })[];
  /** Only in one of the two. */
  readonly onlyFirst: readonly Compared[];
  readonly onlySecond: readonly Compared[];
}

type Outcomes = { passes: number; fails: number };

/** Compares two campaigns by subject, suite, case and figure; runs without a verdict of a bench are left out. */
export function compareCampaigns(first: readonly JudgedRun[], second: readonly JudgedRun[]): CampaignComparison {
  const [a, b] = [outcomesOf(first), outcomesOf(second)];
  const both = [...b.keys()].filter((key) => a.has(key));
  const select = (keys: Iterable<string>, holds: (a: Outcomes, b: Outcomes) => boolean): Compared[] =>
    [...keys].filter((key) => holds(a.get(key) ?? NONE, b.get(key) ?? NONE)).map(comparedOf);
  return {
    newFailures: select(both, (before, now) => before.fails === 0 && now.passes === 0),
    mended: select(both, (before, now) => before.passes === 0 && now.fails === 0),
    flaky: select(b.keys(), (_before, now) => now.passes > 0 && now.fails > 0),
    onlyFirst: select(a.keys(), (_before, now) => now.passes + now.fails === 0),
    onlySecond: select(b.keys(), (before) => before.passes + before.fails === 0),
    ...figureDifferences(first, second),
  };
}

const NONE: Outcomes = { passes: 0, fails: 0 };

function keyOf(subject: string, suite: string, of: string | null): string {
  return JSON.stringify([subject, suite, of]);
}

function comparedOf(key: string): Compared {
  const [subject, suite, of] = JSON.parse(key) as [string, string, string | null];
  return { subject, suite, of };
}

function outcomesOf(runs: readonly JudgedRun[]): ReadonlyMap<string, Outcomes> {
  const outcomes = new Map<string, Outcomes>();
  const count = (key: string, passed: boolean): void => {
    const found = outcomes.get(key) ?? { passes: 0, fails: 0 };
    if (passed) found.passes++;
    else found.fails++;
    outcomes.set(key, found);
  };
  for (const { run, statement } of runs) {
    if (statement === null) continue;
    count(keyOf(run.subject, run.suite, null), statement.verdict === 'passed');
    for (const { id, verdict } of statement.cases) {
      if (verdict !== 'not-applicable') count(keyOf(run.subject, run.suite, id), verdict === 'pass');
    }
  }
  return outcomes;
}

function figureDifferences(
  first: readonly JudgedRun[],
  second: readonly JudgedRun[],
): Pick<CampaignComparison, 'slower' | 'faster'> {
  const [a, b] = [figuresOf(first), figuresOf(second)];
  const differences = [...a].flatMap(([key, before]) => {
    const now = b.get(key) ?? [];
    if (before.length < LEAST_BLOCKS || now.length < LEAST_BLOCKS) return [];
    return [{ ...comparedOf(key), effect: independentEffect(before, now) }];
  });
  return {
    slower: differences.filter(({ effect }) => effect.verdict === 'slower'),
    faster: differences.filter(({ effect }) => effect.verdict === 'faster'),
  };
}

/** Times alone: of other figures nobody can say which side is better. */
const TIME = /\.(ns|us|µs|ms|s)$/;

function figuresOf(runs: readonly JudgedRun[]): ReadonlyMap<string, number[]> {
  const values = new Map<string, number[]>();
  for (const { run, statement } of runs) {
    for (const [name, value] of Object.entries(statement?.figures ?? {})) {
      if (!TIME.test(name) || value <= 0) continue;
      const key = keyOf(run.subject, run.suite, name);
      values.set(key, [...(values.get(key) ?? []), value]);
    }
  }
  return values;
}
