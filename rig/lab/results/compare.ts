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

/** Runs of a campaign as they come; none is kept. */
export type RunsOfCampaign = AsyncIterable<JudgedRun> | Iterable<JudgedRun>;
type Outcomes = { passes: number; fails: number };
/** What a campaign came to, by subject, suite, case and figure. */
interface Tally {
  readonly outcomes: Map<string, Outcomes>;
  readonly figures: Map<string, number[]>;
}

/**
 * Compares two campaigns by subject, suite, case and figure; runs without a verdict of a bench are left out. It reads one
 * campaign after the other.
 */
export async function compareCampaigns(first: RunsOfCampaign, second: RunsOfCampaign): Promise<CampaignComparison> {
  const before = await tally(first);
  const now = await tally(second);
  const [a, b] = [before.outcomes, now.outcomes];
  const both = [...b.keys()].filter((key) => a.has(key));
  const select = (keys: Iterable<string>, holds: (a: Outcomes, b: Outcomes) => boolean): Compared[] =>
    [...keys].filter((key) => holds(a.get(key) ?? NONE, b.get(key) ?? NONE)).map(comparedOf);
  return {
    newFailures: select(both, (then, later) => then.fails === 0 && later.passes === 0),
    mended: select(both, (then, later) => then.passes === 0 && later.fails === 0),
    flaky: select(b.keys(), (_then, later) => later.passes > 0 && later.fails > 0),
    onlyFirst: select(a.keys(), (_then, later) => later.passes + later.fails === 0),
    onlySecond: select(b.keys(), (then) => then.passes + then.fails === 0),
    ...figureDifferences(before.figures, now.figures),
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

/** Times alone: of other figures nobody can say which side is better. */
const TIME = /\.(ns|us|µs|ms|s)$/;

async function tally(runs: RunsOfCampaign): Promise<Tally> {
  const outcomes = new Map<string, Outcomes>();
  const figures = new Map<string, number[]>();
  const count = (key: string, passed: boolean): void => {
    const found = outcomes.get(key) ?? { passes: 0, fails: 0 };
    if (passed) found.passes++;
    else found.fails++;
    outcomes.set(key, found);
  };
  for await (const { run, statement } of runs) {
    if (statement === null) continue;
    const { subject, suite } = run;
    count(keyOf(subject, suite, null), statement.verdict === 'passed');
    for (const { id, verdict } of statement.cases) {
      if (verdict !== 'not-applicable') count(keyOf(subject, suite, id), verdict === 'pass');
    }
    for (const [name, value] of Object.entries(statement.figures)) {
      if (!TIME.test(name) || value <= 0) continue;
      const key = keyOf(subject, suite, name);
      const values = figures.get(key) ?? [];
      values.push(value);
      figures.set(key, values);
    }
  }
  return { outcomes, figures };
}

function figureDifferences(a: Tally['figures'], b: Tally['figures']): Pick<CampaignComparison, 'slower' | 'faster'> {
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
