import { describe, expect, it } from 'vitest';
import type { ComparedItem, Listed } from '../../../../rig/lab/api/comparison.ts';
import type { CaseResult } from '../../../../rig/lab/api/result.ts';
import { runsOfCase } from '../../../../rig/lab/store/cases.ts';
import { compareCampaigns } from '../../../../rig/lab/store/compare.ts';
import { pruneFiles } from '../../../../rig/lab/store/prune.ts';
import type { LabStore } from '../../../../rig/lab/store/store.ts';
import { casesOf, comparedByDocuments, type JudgedRun, judgedCampaign } from './judged-campaign.ts';

const ALWAYS = new AbortController().signal;

function judged(cases: readonly CaseResult[], more: Partial<JudgedRun> = {}): JudgedRun {
  const verdict = cases.some((each) => each.verdict === 'fail') ? 'failed' : 'passed';
  return { subject: 'blue', suite: 'iso7816-4', result: { verdict, cases, figures: {} }, ...more };
}
const run = (verdicts: Readonly<Record<string, CaseResult['verdict']>>) => judged(casesOf(verdicts));
const timed = (...values: readonly number[]): JudgedRun[] =>
  values.map((value) => ({
    ...{ subject: 'blue', suite: 'tap' },
    result: {
      verdict: 'passed',
      cases: [],
      figures: { 'tap.p50.ms': value, 'exchanges.count': value, 'tap.p99.ms': -1 },
    },
  }));

/** What the lab says of cases, from the rows that it keeps of each. */
export function casesContract(storeOf: () => LabStore): void {
  describe('two campaigns compared', () => {
    const compare = (first: number, second: number, most = 500) =>
      compareCampaigns(storeOf(), { first, second, most }, ALWAYS);
    const compared = async (before: readonly JudgedRun[], now: readonly JudgedRun[], most?: number) =>
      compare(await judgedCampaign(storeOf(), before), await judgedCampaign(storeOf(), now), most);
    const at = (of: string | null, suite = 'iso7816-4') => ({ subject: 'blue', suite, of });
    const listed = (...first: readonly unknown[]) => ({ count: first.length, first });

    it('by case and by run: new failures, mended, flaky', async () => {
      const before = [run({ A: 'pass', B: 'fail', C: 'pass', D: 'not-applicable' })];
      const now = [
        run({ A: 'fail', B: 'pass', C: 'pass', D: 'fail' }),
        run({ A: 'inconclusive', B: 'pass', C: 'fail', D: 'fail' }),
      ];
      expect(await compared(before, now)).toEqual({
        compared: { firstRuns: 1, secondRuns: 2, cells: 1, cases: 3, times: 0, timesWithFew: 0 },
        ...{ newFailures: listed(at('A')), mended: listed(at('B')), flaky: listed(at('C')) },
        ...{ slower: listed(), faster: listed(), onlyFirst: listed(), onlySecond: listed(at('D')) },
      });
    });

    it('a run that no bench judged counts for neither', async () => {
      const without = { ...run({}), result: null };
      const { newFailures, onlyFirst, compared: counts } = await compared([run({})], [without]);
      expect([newFailures, onlyFirst]).toEqual([listed(), listed(at(null))]);
      expect(counts).toMatchObject({ firstRuns: 1, secondRuns: 0, cells: 0 });
    });

    it('by times of at least five runs, and by no other figure', async () => {
      const [fast, slow] = [timed(10, 10.1, 10.2, 10.1, 10), timed(20, 20.1, 20.2, 20.1, 20)];
      const slower = await compared(fast, slow);
      // Twice as long, in the middle of all pairs.
      expect(slower.slower.first).toMatchObject([{ ...at('tap.p50.ms', 'tap'), effect: { verdict: 'slower' } }]);
      expect(slower.slower.first[0]?.effect.ratio.value).toBeCloseTo(2, 1);
      expect(slower.compared).toMatchObject({ times: 1, timesWithFew: 0 });
      expect(await compared(slow, fast)).toMatchObject({ slower: listed(), faster: { count: 1 } });
      const few = await compared(fast, slow.slice(1));
      expect([few.slower, few.compared.times, few.compared.timesWithFew]).toEqual([listed(), 0, 1]);
    });

    it('names the first of a long list in the order of the suite, and counts all', async () => {
      const verdicts = (verdict: 'pass' | 'fail') =>
        Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`C-${12 - i}`, verdict]));
      const { newFailures } = await compared([run(verdicts('pass'))], [run(verdicts('fail'))], 3);
      expect(newFailures).toEqual({ count: 13, first: [at(null), at('C-12'), at('C-11')] });
    });

    it('the same as by every document, after the files were dropped too', async () => {
      const [before, now] = [drawn(1), drawn(2)];
      const first = await judgedCampaign(storeOf(), before);
      const second = await judgedCampaign(storeOf(), now);
      const { sql } = storeOf();
      await sql.query(`insert into lab_blobs (sha256, bytes, stored_at) values (repeat('ab', 32), 1, 1)`);
      await sql.query(
        `insert into lab_blob_uses (sha256, run_id, role, name, media_type)
         select repeat('ab', 32), id, 'trace', 't.jsonl', 'a/b' from lab_runs where campaign_id = $1 and number = 1`,
        [second],
      );
      await sql.query('update lab_campaigns set ended_at = 1');
      const names = ({ first: items }: Listed<ComparedItem>): string[] =>
        items.map(({ subject, suite, of }) => JSON.stringify([subject, suite, of])).sort();
      const expected = await comparedByDocuments(storeOf(), first, second);
      for (const files of [1, 0]) {
        const { newFailures, mended, flaky, onlyFirst, onlySecond } = await compare(first, second);
        const lists = { newFailures, mended, flaky, onlyFirst, onlySecond };
        expect(Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, names(list)]))).toEqual(expected);
        const dropped = await pruneFiles(storeOf(), { olderThanDays: 1, dryRun: false, after: null });
        expect(dropped.files).toBe(files);
      }
      // Each list is tried.
      expect(Object.values(expected).filter((list) => list.length === 0)).toEqual([]);
    }, 60_000);

    it('ends when nobody waits for it any more, and names a campaign that is not there', async () => {
      const campaign = await judgedCampaign(storeOf(), [run({ A: 'pass' })]);
      const ended = compareCampaigns(
        storeOf(),
        { first: campaign, second: campaign, most: 1 },
        AbortSignal.abort(new Error('gone')),
      );
      await expect(ended).rejects.toThrow('gone');
      await expect(compare(campaign, 99)).rejects.toMatchObject({
        code: 'campaign-unknown',
        message: 'there is no campaign 99',
      });
    });
  });

  describe('runs of a case', () => {
    const asked = (id: string, campaign: number | null, after: string | null = null) =>
      runsOfCase(storeOf(), { id, campaign, after });
    const numbers = async (...of: Parameters<typeof asked>) =>
      (await asked(...of)).runs.map(({ run: { campaign, number } }) => [campaign, number]);

    it('of one campaign in their order, of all from the newest on; with card and reason', async () => {
      const card = '3B8A80018031F873F741FF8290006A';
      const fails = { verdict: 'failed', cases: casesOf({ A: 'fail', B: 'pass' }), figures: {}, card } as const;
      const first = await judgedCampaign(storeOf(), [
        run({ A: 'pass', B: 'fail' }),
        { subject: 'réd “1”', suite: 'iso7816-4', result: { ...fails, board: null } },
        run({ A: 'not-applicable' }),
        { ...run({}), result: null },
        run({ A: 'inconclusive' }),
      ]);
      const second = await judgedCampaign(storeOf(), [run({ A: 'pass' }), run({ A: 'fail' })]);
      const { runs, after, judged: isJudged } = await asked('A', first);
      expect([after, isJudged]).toEqual([null, true]);
      expect(runs).toMatchObject([
        { run: { campaign: first, number: 2, bench: 'b1' }, verdict: 'fail', reason: 'A is so', card, board: null },
        { run: { campaign: first, number: 5 }, verdict: 'inconclusive', card: null },
      ]);
      expect(await numbers('A', second)).toEqual([[second, 2]]);
      expect(await numbers('A', null)).toEqual([
        [second, 2],
        [first, 5],
        [first, 2],
      ]);
    });

    it('tells a case that passed from one that nobody judged, and names a campaign that is not there', async () => {
      const campaign = await judgedCampaign(storeOf(), [run({ A: 'pass' })]);
      expect(await asked('A', campaign)).toEqual({ runs: [], after: null, judged: true });
      expect(await asked('Z', campaign)).toEqual({ runs: [], after: null, judged: false });
      expect(await asked('Z', null)).toEqual({ runs: [], after: null, judged: true });
      await expect(asked('A', 99)).rejects.toMatchObject({ message: 'there is no campaign 99' });
    });

    it('comes in pages that lose and double nothing', async () => {
      const campaign = await judgedCampaign(
        storeOf(),
        Array.from({ length: 402 }, () => run({ A: 'fail' })),
      );
      for (const of of [campaign, null]) {
        const seen: number[] = [];
        let after: string | null = null;
        do {
          const page = await asked('A', of, after);
          seen.push(...page.runs.map(({ run: { number } }) => number));
          after = page.after;
        } while (after !== null);
        const inOrder = Array.from({ length: 402 }, (_, i) => i + 1);
        expect(seen).toEqual(of === null ? inOrder.reverse() : inOrder);
      }
    });
  });
}

/** A campaign of 150 runs in some cells, drawn by a linear congruential generator (Numerical Recipes). */
function drawn(seed: number): readonly JudgedRun[] {
  let state = seed;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const verdicts = ['pass', 'pass', 'pass', 'pass', 'fail', 'inconclusive', 'not-applicable'] as const;
  return Array.from({ length: 150 }, () => {
    const [subject, suite] = [`card-${draw(8) + seed}`, `suite-${draw(3)}`];
    if (draw(12) === 0) return { subject, suite, result: null };
    const cases = Array.from({ length: draw(9) }, (_, i) => ({
      ...{ id: `C-${i + draw(3)}`, reason: '' },
      verdict: verdicts[draw(draw(2) === 0 ? 4 : verdicts.length)] as CaseResult['verdict'],
    }));
    const verdict = (['passed', 'failed', 'error'] as const)[draw(3)] as 'passed';
    return { subject, suite, result: { verdict, cases, figures: {} } };
  });
}
