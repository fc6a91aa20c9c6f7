import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandIo } from '../../console/io.ts';
import { pairedTimes, timeOf } from '../../figures/paired-times.ts';
import { median } from '../../figures/quantile.ts';
import { pairedEffect } from '../../measure/compare/effect.ts';
import { campaignMatrix } from '../store/campaigns.ts';
import { checkStore } from '../store/check.ts';
import { pruneFiles } from '../store/prune.ts';
import { type LabStore, openLabStore } from '../store/store.ts';
import { CAMPAIGN_RUNS, type FilledStore, fillStore, type StoreSize } from './fill-store.ts';
import { GROWTH_QUESTIONS, type GrowthQuestion } from './growth-questions.ts';
import { beside, inEmptyLab } from './own-store.ts';
import { atMost, type LabBenchChoice, type LabBenchPart, type Measured } from './part-of-bench.ts';

/** One question on both stores. */
export interface GrowthFigure {
  readonly question: string;
  readonly smallMs: number;
  readonly largeMs: number;
  /** Large to small, judged in pairs, with its interval of 99 %. */
  readonly ratio: { readonly value: number; readonly low: number; readonly high: number };
}

/** What is done once, and reads whole tables. */
export interface WholeFigure {
  readonly what: string;
  readonly ms: number;
}

export interface GrowthFigures {
  readonly smallRuns: number;
  readonly largeRuns: number;
  /** Of them in one campaign. */
  readonly largestCampaign: number;
  readonly filledInS: number;
  readonly pairs: number;
  readonly questions: readonly GrowthFigure[];
  readonly once: readonly WholeFigure[];
}

interface Sizes {
  readonly small: StoreSize;
  readonly large: StoreSize;
  readonly pairs: number;
}
const SMALL: Sizes = { small: { campaigns: 2, largest: 0 }, large: { campaigns: 6, largest: 2000 }, pairs: 20 };
const FULL: Sizes = { small: { campaigns: 10, largest: 0 }, large: { campaigns: 900, largest: 100_000 }, pairs: 200 };
/** With so many runs the small store is the one of the target. */
const SHOWS_GROWTH = 20_000;
/** Share of the runs that one campaign has, of a number that was asked for. */
const LARGEST_SHARE = 10;
const WARM_UP = 10;
/** The question in the large store by the same in the small one. */
const MOST_GROWTH = 1.5;

export const GROWTH: LabBenchPart = {
  name: 'growth',
  measure: async (choice, io) => measured(await growthFigures(choice, io)),
};

function sizesOf({ full, runs }: LabBenchChoice): Sizes {
  const given = full || (runs ?? 0) >= SHOWS_GROWTH ? FULL : SMALL;
  if (runs === null) return given;
  const largest = Math.floor(runs / LARGEST_SHARE);
  return { ...given, large: { campaigns: Math.max(Math.floor((runs - largest) / CAMPAIGN_RUNS), 1), largest } };
}

async function growthFigures(choice: LabBenchChoice, { signal, stderr }: CommandIo): Promise<GrowthFigures> {
  const { small, large, pairs } = sizesOf(choice);
  return inEmptyLab(choice.store, (folder) =>
    beside(choice.store, async (second) => {
      const stores = [await open(folder, second), await open(folder, choice.store)] as const;
      try {
        const from = performance.now();
        const filled = [await fillStore(stores[0], small, signal), await fillStore(stores[1], large, signal)] as const;
        const filledInS = (performance.now() - from) / 1000;
        stderr(`filled in ${filledInS.toFixed(0)} s\n`);
        const questions: GrowthFigure[] = [];
        for (const question of GROWTH_QUESTIONS) questions.push(await asked(question, filled, pairs, signal));
        return {
          ...{ smallRuns: runsOf(small), largeRuns: runsOf(large), largestCampaign: large.largest, filledInS, pairs },
          ...{ questions, once: await wholeFigures(filled[1]) },
        };
      } finally {
        for (const store of stores) await store.close();
      }
    }),
  );
}

function open(folder: string, url: string | null): Promise<LabStore> {
  const fault = (error: unknown): void => {
    throw error;
  };
  return openLabStore({ folder: mkdtempSync(join(folder, 'store-')), url, now: Date.now(), fault });
}

function runsOf({ campaigns, largest }: StoreSize): number {
  return campaigns * CAMPAIGN_RUNS + largest;
}

async function asked(
  { name, ask }: GrowthQuestion,
  [small, large]: readonly [FilledStore, FilledStore],
  pairs: number,
  signal: AbortSignal,
): Promise<GrowthFigure> {
  const { a, b } = await pairedTimes(
    { pairs, warmUp: WARM_UP, signal },
    (i) => ask(small, i),
    (i) => ask(large, i),
  );
  return { question: name, smallMs: median(a), largeMs: median(b), ratio: pairedEffect(a, b).ratio };
}

async function wholeFigures({ store, firstCampaign }: FilledStore): Promise<readonly WholeFigure[]> {
  const checked = await timeOf(async () => {
    const { lost, doubled, stranded, miscounted } = await checkStore(store);
    if (lost.length + doubled.length + stranded.length + miscounted.length > 0)
      throw new Error('the store is not whole');
  });
  const prune = () => pruneFiles(store, { olderThanDays: 1, dryRun: true, after: null });
  return [
    { what: 'check of the whole store', ms: checked },
    { what: 'what prune would drop', ms: await timeOf(prune) },
    { what: 'matrix of the largest campaign', ms: await timeOf(() => campaignMatrix(store, firstCampaign - 1)) },
  ];
}

function measured(figures: GrowthFigures): Measured {
  const { smallRuns, largeRuns, largestCampaign, filledInS, questions, once, pairs } = figures;
  const judged = GROWTH_QUESTIONS.filter((each) => each.judged).map(({ name }) => name);
  const ms = (value: number): string => `${value.toFixed(2)} ms`.padStart(11);
  return {
    figures,
    targets: questions
      .filter(({ question }) => judged.includes(question))
      .map(({ question, ratio }) => atMost(`growth-${question}`, ratio.value, MOST_GROWTH)),
    lines: [
      `${smallRuns} and ${largeRuns} runs (${largestCampaign} of them in one campaign), filled in ${filledInS.toFixed(0)} s; ${pairs} pairs of each question`,
      ...questions.map(
        ({ question, smallMs, largeMs, ratio: { value, low, high } }) =>
          `${question.padEnd(18)}${ms(smallMs)}${ms(largeMs)}   ${value.toFixed(2)} times (${low.toFixed(2)} to ${Number.isFinite(high) ? high.toFixed(2) : 'without end'})`,
      ),
      ...once.map(({ what, ms: took }) => `${what}: ${ms(took).trim()}`),
    ],
  };
}
