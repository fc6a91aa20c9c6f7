import { expect, it } from 'vitest';
import { storeBlob } from '../../../../rig/lab/store/blobs.ts';
import { campaignMatrix, cancelCampaign, endCampaigns, listCampaigns } from '../../../../rig/lab/store/campaigns.ts';
import { checkStore } from '../../../../rig/lab/store/check.ts';
import { addUpCounts } from '../../../../rig/lab/store/counts.ts';
import { listRuns, noteProgress, runDetail } from '../../../../rig/lab/store/runs.ts';
import { searchRuns } from '../../../../rig/lab/store/search.ts';
import { submitCampaign } from '../../../../rig/lab/store/submit.ts';
import { takeRun } from '../../../../rig/lab/store/take.ts';
import { newKey, RUN, sha256 } from './lab-in-test.ts';
import { CLEAN, NOW, pieces, type StoreInTest } from './store-in-test.ts';

/** Campaigns: submitted, counted, listed, cancelled. */
export function campaignsContract(lab: StoreInTest): void {
  const { bench, beat, submit, submission, take, record, refuses, lapse, clean } = lab;

  it('a run goes from campaign to bench to verdict, in the order of the campaign', async () => {
    await bench('b1');
    const campaign = await submit([RUN, { ...RUN, subject: 'apcv' }, { ...RUN, repetition: 2 }]);
    const first = await take('b1');
    expect(first).toMatchObject({
      ...{ campaign, subject: 'vitale2', suite: 'iso7816-4', repetition: 1, attemptNumber: 1, device: 'loopback' },
      ...{ work: { kind: 'sleep', seconds: 1 }, inputs: [], limitSeconds: 60 },
    });
    await clean();
    expect(await takeRun(lab.store, 'b1', ['loopback'])).toBeNull();
    await record('b1', first, { verdict: 'failed', reason: 'one case failed' });
    const second = await take('b1');
    expect(second.subject).toBe('apcv');
    await record('b1', second);
    const { cells, subjects, suites } = await campaignMatrix(lab.store, campaign);
    expect([subjects, suites]).toEqual([['apcv', 'vitale2'], ['iso7816-4']]);
    const none = { queued: 0, running: 0, passed: 0, failed: 0, error: 0, cancelled: 0 };
    expect(cells).toEqual([
      { ...none, subject: 'apcv', suite: 'iso7816-4', passed: 1 },
      { ...none, subject: 'vitale2', suite: 'iso7816-4', failed: 1, queued: 1 },
    ]);
    await record('b1', await take('b1'));
    expect(await endCampaigns(lab.store)).toBe(1);
    const [listed] = (await listCampaigns(lab.store)).campaigns;
    expect(listed).toMatchObject({ id: campaign, counts: { ...none, passed: 2, failed: 1 }, retries: 0 });
    expect(listed?.endedAt).not.toBeNull();
    expect(await checkStore(lab.store)).toEqual({ ...CLEAN, runs: 3, results: 3 });
  });

  it('counts are those of the runs, added up or not, and a check tells when they are not', async () => {
    await bench('b1');
    const campaign = await submit([RUN, RUN, { ...RUN, suite: 'tap' }]);
    await record('b1', await take('b1'));
    await take('b1');
    await lapse();
    await take('b1');
    const picture = async () => [await campaignMatrix(lab.store, campaign), await listCampaigns(lab.store)];
    const before = await picture();
    expect(before).toMatchObject([
      {
        campaign: { counts: { queued: 1, running: 1, passed: 1 }, retries: 1 },
        cells: [
          { suite: 'iso7816-4', passed: 1, running: 1, queued: 0 },
          { suite: 'tap', queued: 1 },
        ],
        after: null,
      },
      { campaigns: [{ counts: { queued: 1, running: 1, passed: 1 }, retries: 1 }], after: null },
    ]);
    await clean();
    expect(await addUpCounts(lab.store)).toBe(5);
    expect(await addUpCounts(lab.store)).toBe(0);
    expect(await picture()).toEqual(before);
    await clean();
    await lab.store.sql.query("update lab_cells set passed = 2, running = 0 where suite = 'iso7816-4'");
    expect((await checkStore(lab.store)).miscounted).toEqual([campaign]);
  });

  it('a matrix and a list of campaigns come in pages', async () => {
    const subjects = Array.from({ length: 2001 }, (_, place) => `card ${String(place).padStart(4, '0')}`);
    const campaign = await submit(subjects.map((subject) => ({ ...RUN, subject })));
    const first = await campaignMatrix(lab.store, campaign);
    expect([first.cells.length, first.campaign.counts.queued]).toEqual([2000, 2001]);
    expect(first.after).toEqual({ subject: 'card 1999', suite: 'iso7816-4' });
    const second = await campaignMatrix(lab.store, campaign, first.after ?? undefined);
    expect([second.cells.map(({ subject }) => subject), second.after]).toEqual([['card 2000'], null]);
    await lab.store.sql.query(
      `insert into lab_campaigns (key, content_hash, name, source, attempts, submitted_at)
       select n::text, '', 'small', '', 1, 0 from generate_series(1, 200) n`,
    );
    const newest = await listCampaigns(lab.store);
    expect([newest.campaigns.length, newest.campaigns[0]?.id, newest.after]).toEqual([200, 201, 2]);
    const oldest = await listCampaigns(lab.store, newest.after);
    expect(oldest).toMatchObject({ campaigns: [{ id: 1, counts: { queued: 2001 } }], after: null });
  });

  it('a campaign is submitted once by its key, and a trial submits nothing', async () => {
    const one = submission([RUN]);
    expect(await submitCampaign(lab.store, { ...one, dryRun: true }, NOW)).toEqual({
      ...{ campaign: null, runs: 1, unfit: [0], missing: [] },
    });
    expect((await submitCampaign(lab.store, one, NOW)).campaign).toBe(1);
    expect((await submitCampaign(lab.store, one, NOW)).campaign).toBe(1);
    await refuses(submitCampaign(lab.store, { ...one, name: 'other' }, NOW), 'campaign-differs');
    expect((await listRuns(lab.store, { campaign: 1 })).runs).toHaveLength(1);
    const input = { name: 'suite/01.jsonl', sha256: sha256('trace') };
    const with1 = submission([{ ...RUN, inputs: [input] }]);
    expect(await submitCampaign(lab.store, with1, NOW)).toMatchObject({ campaign: null, missing: [input.sha256] });
    await storeBlob(lab.store, input.sha256, pieces('trace'));
    expect(await submitCampaign(lab.store, with1, NOW)).toMatchObject({ missing: [] });
  });

  it('a campaign that is cancelled ends what waits and what runs, and keeps verdicts', async () => {
    await bench('b1');
    const campaign = await submit([RUN, RUN, RUN]);
    await record('b1', await take('b1'));
    const running = await take('b1');
    await cancelCampaign(lab.store, campaign);
    await cancelCampaign(lab.store, campaign);
    expect((await campaignMatrix(lab.store, campaign)).campaign.counts).toMatchObject({ passed: 1, cancelled: 2 });
    expect((await beat('b1', { attempts: [running.attempt] })).gone).toEqual([running.attempt]);
    await refuses(record('b1', running), 'attempt-over');
    expect(await takeRun(lab.store, 'b1', ['loopback'])).toBeNull();
    expect(await checkStore(lab.store)).toEqual({ ...CLEAN, runs: 3, results: 3 });
    await refuses(cancelCampaign(lab.store, 99), 'campaign-unknown');
  });

  it('lists runs in pages, by state, subject and suite, and finds them by words', async () => {
    await bench('b1');
    const many = Array.from({ length: 205 }, (_, place) => ({ ...RUN, repetition: place + 1 }));
    const campaign = await submit([{ ...RUN, subject: '100%_card' }, ...many]);
    const taken = await take('b1');
    await noteProgress(lab.store, taken.attempt, { bench: 'b1', done: 3, total: 9, note: 'SEL-003' });
    expect((await runDetail(lab.store, taken.run)).progress).toEqual({ done: 3, total: 9, note: 'SEL-003' });
    await refuses(noteProgress(lab.store, taken.attempt, { bench: 'b2', done: 1, total: 1, note: '' }), 'attempt-over');
    const page = await listRuns(lab.store, { campaign });
    expect([page.runs.length, page.after]).toEqual([200, 200]);
    expect((await listRuns(lab.store, { campaign, after: 200 })).runs.map(({ number }) => number)).toEqual([
      ...[201, 202, 203, 204, 205, 206],
    ]);
    expect((await listRuns(lab.store, { campaign, state: 'running' })).runs).toMatchObject([
      { number: 1, bench: 'b1' },
    ]);
    expect(await searchRuns(lab.store, '0%_C')).toMatchObject([{ subject: '100%_card' }]);
    expect(await searchRuns(lab.store, taken.run)).toMatchObject([{ id: taken.run }]);
    await refuses(runDetail(lab.store, newKey()), 'run-unknown');
  });
}
