import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TakenRun } from '../../../../rig/lab/api/bench.ts';
import type { Submission, SubmittedRun } from '../../../../rig/lab/api/campaign.ts';
import type { Capability } from '../../../../rig/lab/api/capability.ts';
import type { ResultStatement } from '../../../../rig/lab/api/result.ts';
import {
  enrolBench,
  heartbeat,
  listBenches,
  quarantine,
  quarantineDrifting,
} from '../../../../rig/lab/store/benches.ts';
import { isOnDisk, missingBlobs, readBlob, storeBlob, sweepBlobs } from '../../../../rig/lab/store/blobs.ts';
import { campaignMatrix, cancelCampaign, endCampaigns, listCampaigns } from '../../../../rig/lab/store/campaigns.ts';
import { checkStore } from '../../../../rig/lab/store/check.ts';
import { addUpCounts } from '../../../../rig/lab/store/counts.ts';
import { giveBackExpired, releaseLease } from '../../../../rig/lab/store/leases.ts';
import { pruneFiles } from '../../../../rig/lab/store/prune.ts';
import { recordResult } from '../../../../rig/lab/store/record.ts';
import type { LabRefusalCode } from '../../../../rig/lab/store/refusals.ts';
import { listResults, listRuns, noteProgress, runDetail } from '../../../../rig/lab/store/runs.ts';
import { searchRuns } from '../../../../rig/lab/store/search.ts';
import { type LabStore, openLabStore } from '../../../../rig/lab/store/store.ts';
import { submitCampaign } from '../../../../rig/lab/store/submit.ts';
import { takeRun } from '../../../../rig/lab/store/take.ts';
import { addToken, listTokens, revokeToken, roleOfToken } from '../../../../rig/lab/store/tokens.ts';
import { vacuumChanged } from '../../../../rig/lab/store/vacuum.ts';
import type { Sql, Statements } from '../../../../rig/store/sql.ts';
import { casesContract } from './cases-contract.ts';
import { LOOPBACK, newKey, RUN, sha256, signed, statementFor, type TestKey, testKey } from './lab-in-test.ts';

const NOW = 1_764_000_000_000;
const TABLES = [
  ...['lab_tokens', 'lab_benches', 'lab_requirements', 'lab_campaigns', 'lab_runs', 'lab_attempts', 'lab_leases'],
  ...['lab_results', 'lab_cases', 'lab_blobs', 'lab_blob_uses'],
  ...['lab_cells', 'lab_totals', 'lab_cell_changes', 'lab_inputs'],
];
const CLEAN = { lost: [], doubled: [], stranded: [], miscounted: [] };

/** What the lab keeps, and that it loses and doubles nothing, on whatever database. */
export function labContract(name: string, url: () => string | null): void {
  describe(name, () => {
    let folder: string;
    let store: LabStore;
    const keys = new Map<string, TestKey>();

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'vitap-lab-'));
      const fault = (error: unknown): void => {
        throw error;
      };
      store = await openLabStore({ folder, url: url(), now: NOW, fault });
    }, 120_000);
    afterAll(async () => {
      await store?.close();
      rmSync(folder, { recursive: true, force: true });
    });
    beforeEach(async () => {
      await store.sql.query(`truncate ${TABLES.join(', ')} restart identity cascade`);
      await store.sql.query('delete from lab_queue.job');
      keys.clear();
    });

    /** A bench that has these devices, and has just been heard of. */
    async function bench(named: string, ...devices: readonly Capability[]): Promise<void> {
      const key = testKey(keys.size % 2 === 0 ? 'ed25519' : 'p256');
      keys.set(named, key);
      await enrolBench(store, { name: named, publicKey: key.publicKey, interface: 1, version: '0.1.0' });
      await beat(named, { devices: devices.length === 0 ? [LOOPBACK] : devices });
    }
    const beat = (
      named: string,
      more: { devices?: readonly Capability[]; attempts?: readonly string[]; drift?: string | null } = {},
    ) =>
      heartbeat(store, {
        ...{ bench: named, clock: NOW, devices: [LOOPBACK], attempts: [], drift: null, spooled: 0 },
        ...more,
      });
    const submit = async (runs: readonly SubmittedRun[], more: Partial<Submission> = {}): Promise<number> =>
      (await submitCampaign(store, submission(runs, more), NOW)).campaign as number;
    const submission = (runs: readonly SubmittedRun[], more: Partial<Submission> = {}): Submission => ({
      ...{ name: 'nightly', source: 'name: nightly', runs, dryRun: false, attempts: 2, key: newKey() },
      ...more,
    });
    const take = async (named: string, free: readonly string[] = ['loopback']): Promise<TakenRun> =>
      (await takeRun(store, named, free)) as TakenRun;
    const record = async (named: string, taken: TakenRun, more: Partial<ResultStatement> = {}): Promise<number> =>
      recordResult(store, taken.attempt, await signed(statementFor(named, taken, more), keys.get(named) as TestKey));
    const prune = (dryRun: boolean) => pruneFiles(store, { olderThanDays: 5, dryRun, after: null });
    const refuses = async (promise: Promise<unknown>, code: LabRefusalCode): Promise<void> => {
      await expect(promise).rejects.toMatchObject({ name: 'LabRefusal', code });
    };
    /** As if a lease's bench had been silent for its time. */
    const lapse = async (): Promise<void> => {
      await store.sql.query('update lab_leases set expires_at = lab_now() - 1');
      await giveBackExpired(store);
    };
    const clean = async (of: LabStore = store): Promise<void> => expect(await checkStore(of)).toMatchObject(CLEAN);

    it('a run goes from campaign to bench to verdict, in the order of the campaign', async () => {
      await bench('b1');
      const campaign = await submit([RUN, { ...RUN, subject: 'apcv' }, { ...RUN, repetition: 2 }]);
      const first = await take('b1');
      expect(first).toMatchObject({
        ...{ campaign, subject: 'vitale2', suite: 'iso7816-4', repetition: 1, attemptNumber: 1, device: 'loopback' },
        ...{ work: { kind: 'sleep', seconds: 1 }, inputs: [], limitSeconds: 60 },
      });
      await clean();
      expect(await takeRun(store, 'b1', ['loopback'])).toBeNull();
      await record('b1', first, { verdict: 'failed', reason: 'one case failed' });
      const second = await take('b1');
      expect(second.subject).toBe('apcv');
      await record('b1', second);
      const { cells, subjects, suites } = await campaignMatrix(store, campaign);
      expect([subjects, suites]).toEqual([['apcv', 'vitale2'], ['iso7816-4']]);
      const none = { queued: 0, running: 0, passed: 0, failed: 0, error: 0, cancelled: 0 };
      expect(cells).toEqual([
        { ...none, subject: 'apcv', suite: 'iso7816-4', passed: 1 },
        { ...none, subject: 'vitale2', suite: 'iso7816-4', failed: 1, queued: 1 },
      ]);
      await record('b1', await take('b1'));
      expect(await endCampaigns(store)).toBe(1);
      const [listed] = (await listCampaigns(store)).campaigns;
      expect(listed).toMatchObject({ id: campaign, counts: { ...none, passed: 2, failed: 1 }, retries: 0 });
      expect(listed?.endedAt).not.toBeNull();
      expect(await checkStore(store)).toEqual({ ...CLEAN, runs: 3, results: 3 });
    });

    it('counts are those of the runs, added up or not, and a check tells when they are not', async () => {
      await bench('b1');
      const campaign = await submit([RUN, RUN, { ...RUN, suite: 'tap' }]);
      await record('b1', await take('b1'));
      await take('b1');
      await lapse();
      await take('b1');
      const picture = async () => [await campaignMatrix(store, campaign), await listCampaigns(store)];
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
      expect(await addUpCounts(store)).toBe(5);
      expect(await addUpCounts(store)).toBe(0);
      expect(await picture()).toEqual(before);
      await clean();
      await store.sql.query("update lab_cells set passed = 2, running = 0 where suite = 'iso7816-4'");
      expect((await checkStore(store)).miscounted).toEqual([campaign]);
    });

    it('rows that died give their room back on PGlite, where no autovacuum runs', { timeout: 60_000 }, async () => {
      const fill = async (): Promise<number> => {
        await store.sql.query(
          `insert into lab_tokens (name, role, hash, made_at)
           select 'n', 'viewer', decode(md5(random()::text), 'hex'), 1 from generate_series(1, 3000)`,
        );
        await store.sql.query('delete from lab_tokens');
        const [row] = await store.sql.query<{ bytes: number }>("select pg_table_size('lab_tokens') as bytes");
        return row?.bytes ?? 0;
      };
      if (store.sql.kind === 'postgresql') {
        await fill();
        expect(await vacuumChanged(store)).toEqual([]);
        return;
      }
      const once = await fill();
      expect(await vacuumChanged(store)).toContain('public.lab_tokens');
      expect(await vacuumChanged(store)).not.toContain('public.lab_tokens');
      expect(await fill()).toBe(once);
      // What a vacuum saves: the same again takes more without one.
      expect(await fill()).toBeGreaterThan(once);
    });

    it('a matrix and a list of campaigns come in pages', async () => {
      const subjects = Array.from({ length: 2001 }, (_, place) => `card ${String(place).padStart(4, '0')}`);
      const campaign = await submit(subjects.map((subject) => ({ ...RUN, subject })));
      const first = await campaignMatrix(store, campaign);
      expect([first.cells.length, first.campaign.counts.queued]).toEqual([2000, 2001]);
      expect(first.after).toEqual({ subject: 'card 1999', suite: 'iso7816-4' });
      const second = await campaignMatrix(store, campaign, first.after ?? undefined);
      expect([second.cells.map(({ subject }) => subject), second.after]).toEqual([['card 2000'], null]);
      await store.sql.query(
        `insert into lab_campaigns (key, content_hash, name, source, attempts, submitted_at)
         select n::text, '', 'small', '', 1, 0 from generate_series(1, 200) n`,
      );
      const newest = await listCampaigns(store);
      expect([newest.campaigns.length, newest.campaigns[0]?.id, newest.after]).toEqual([200, 201, 2]);
      const oldest = await listCampaigns(store, newest.after);
      expect(oldest).toMatchObject({ campaigns: [{ id: 1, counts: { queued: 2001 } }], after: null });
    });

    it('a result that is sent again is written once', async () => {
      await bench('b1');
      await submit([RUN]);
      const taken = await take('b1');
      const jws = await signed(statementFor('b1', taken), keys.get('b1') as TestKey);
      const at = await recordResult(store, taken.attempt, jws);
      expect(await recordResult(store, taken.attempt, jws)).toBe(at);
      await refuses(record('b1', taken, { verdict: 'failed' }), 'attempt-over');
      expect((await runDetail(store, taken.run)).statement?.verdict).toBe('passed');
      expect(await checkStore(store)).toEqual({ ...CLEAN, runs: 1, results: 1 });
    });

    it('a bench that vanishes gives its run back; what it sends later is kept, and does not count', async () => {
      await bench('b1');
      await bench('b2');
      await submit([RUN]);
      const lost = await take('b1');
      expect(await giveBackExpired(store)).toBe(0);
      await lapse();
      await clean();
      const again = await take('b2');
      expect(again).toMatchObject({ run: lost.run, attemptNumber: 2 });
      expect((await beat('b1', { attempts: [lost.attempt] })).gone).toEqual([lost.attempt]);
      await refuses(record('b1', lost, { verdict: 'failed' }), 'attempt-over');
      await record('b2', again);
      const { run, attempts } = await runDetail(store, lost.run);
      expect(run).toMatchObject({ state: 'passed', bench: 'b2', attempts: 2 });
      expect(attempts.map(({ bench, state, reason }) => [bench, state, reason])).toEqual([
        ['b1', 'late', 'the bench was not heard of any more'],
        ['b2', 'finished', ''],
      ]);
      await clean();
    });

    it('a heartbeat keeps a lease', async () => {
      await bench('b1');
      await submit([RUN]);
      const taken = await take('b1');
      await store.sql.query('update lab_leases set expires_at = lab_now() - 1');
      expect((await beat('b1', { attempts: [taken.attempt] })).gone).toEqual([]);
      expect(await giveBackExpired(store)).toBe(0);
    });

    it('a run that outlives its limit is taken back although its bench is alive', async () => {
      await bench('b1');
      await submit([RUN]);
      const taken = await take('b1');
      await store.sql.query('update lab_leases set overdue_at = lab_now() - 1');
      expect(await giveBackExpired(store)).toBe(1);
      const { attempts } = await runDetail(store, taken.run);
      expect(attempts[0]).toMatchObject({ state: 'given-back', reason: 'took longer than its limit' });
    });

    it('a run that no bench finishes ends as an error, and the queue forgets it', async () => {
      await bench('b1');
      const campaign = await submit([RUN]);
      const first = await take('b1');
      await lapse();
      await take('b1');
      await lapse();
      expect(await takeRun(store, 'b1', ['loopback'])).toBeNull();
      expect((await runDetail(store, first.run)).run).toMatchObject({
        state: 'error',
        reason:
          'no bench finished it in 2 attempts: attempt 1 on b1: the bench was not heard of any more; attempt 2 on b1: the bench was not heard of any more',
      });
      await endCampaigns(store);
      expect((await listCampaigns(store)).campaigns[0]).toMatchObject({ id: campaign, retries: 1 });
      expect(await checkStore(store)).toEqual({ ...CLEAN, runs: 1, results: 1 });
    });

    it('benches that ask at once get different runs', async () => {
      const names = Array.from({ length: 6 }, (_, place) => `b${place}`);
      for (const each of names) await bench(each);
      await submit(Array.from({ length: 10 }, (_, place) => ({ ...RUN, repetition: place + 1 })));
      const taken = await Promise.all(names.map((each) => take(each)));
      expect(new Set(taken.map(({ run }) => run)).size).toBe(6);
      await clean();
    });

    it('one device runs one thing, also when its bench asks twice at once', async () => {
      await bench('b1', LOOPBACK, { ...LOOPBACK, device: 'loopback-2' });
      await submit([RUN, RUN, RUN]);
      const asked = await Promise.allSettled([takeRun(store, 'b1', ['loopback']), takeRun(store, 'b1', ['loopback'])]);
      const got = asked.filter((each) => each.status === 'fulfilled' && each.value !== null);
      expect(got).toHaveLength(1);
      expect((await take('b1', ['loopback', 'loopback-2'])).device).toBe('loopback-2');
      await clean();
    });

    it('a run waits for a device that fits, and the oldest that fits is taken', async () => {
      const contact: Capability = { ...LOOPBACK, device: 'contact', interfaces: ['contact'], backend: 'hardware' };
      await bench('b1', contact);
      const wants = (requirement: SubmittedRun['requirement'], subject: string): SubmittedRun => ({
        ...{ ...RUN, requirement, subject },
      });
      const runs = [
        wants({ kind: 'board' }, 'board'),
        wants({ kind: 'reader', interface: 'contactless' }, 'contactless'),
        wants({ kind: 'reader', backend: 'hardware' }, 'hardware'),
        wants({ kind: 'reader' }, 'any'),
      ];
      const { unfit, campaign } = await submitCampaign(store, submission(runs), NOW);
      expect([unfit, campaign]).toEqual([[0, 1], 1]);
      expect((await take('b1', ['contact'])).subject).toBe('hardware');
      expect(await takeRun(store, 'b1', ['another'])).toBeNull();
    });

    it('a campaign is submitted once by its key, and a trial submits nothing', async () => {
      const one = submission([RUN]);
      expect(await submitCampaign(store, { ...one, dryRun: true }, NOW)).toEqual({
        ...{ campaign: null, runs: 1, unfit: [0], missing: [] },
      });
      expect((await submitCampaign(store, one, NOW)).campaign).toBe(1);
      expect((await submitCampaign(store, one, NOW)).campaign).toBe(1);
      await refuses(submitCampaign(store, { ...one, name: 'other' }, NOW), 'campaign-differs');
      expect((await listRuns(store, { campaign: 1 })).runs).toHaveLength(1);
      const input = { name: 'suite/01.jsonl', sha256: sha256('trace') };
      const with1 = submission([{ ...RUN, inputs: [input] }]);
      expect(await submitCampaign(store, with1, NOW)).toMatchObject({ campaign: null, missing: [input.sha256] });
      await storeBlob(store, input.sha256, pieces('trace'));
      expect(await submitCampaign(store, with1, NOW)).toMatchObject({ missing: [] });
    });

    it('a campaign that is cancelled ends what waits and what runs, and keeps verdicts', async () => {
      await bench('b1');
      const campaign = await submit([RUN, RUN, RUN]);
      await record('b1', await take('b1'));
      const running = await take('b1');
      await cancelCampaign(store, campaign);
      await cancelCampaign(store, campaign);
      expect((await campaignMatrix(store, campaign)).campaign.counts).toMatchObject({ passed: 1, cancelled: 2 });
      expect((await beat('b1', { attempts: [running.attempt] })).gone).toEqual([running.attempt]);
      await refuses(record('b1', running), 'attempt-over');
      expect(await takeRun(store, 'b1', ['loopback'])).toBeNull();
      expect(await checkStore(store)).toEqual({ ...CLEAN, runs: 3, results: 3 });
      await refuses(cancelCampaign(store, 99), 'campaign-unknown');
    });

    it('a bench in quarantine takes nothing until a person lets it back', async () => {
      await bench('b1');
      await submit([RUN]);
      await beat('b1', { drift: 'its echo is 3 times slower than when it was enrolled' });
      await refuses(takeRun(store, 'b1', ['loopback']), 'bench-quarantined');
      await beat('b1', { drift: 'another reason' });
      expect((await listBenches(store))[0]?.quarantined).toContain('its echo');
      await quarantine(store, 'b1', null);
      expect(await take('b1')).toMatchObject({ attemptNumber: 1 });
      await refuses(quarantine(store, 'b9', null), 'bench-unknown');
    });

    it('a bench that fails where the others pass is put into quarantine, and no other', async () => {
      for (const each of ['good', 'bad']) await bench(each);
      await submit(Array.from({ length: 8 }, (_, place) => ({ ...RUN, repetition: place + 1 })));
      for (let each = 0; each < 3; each++) await record('good', await take('good'));
      for (let each = 0; each < 4; each++) await record('bad', await take('bad'), { verdict: 'failed' });
      expect(await quarantineDrifting(store)).toEqual([]);
      await record('bad', await take('bad'), { verdict: 'error' });
      expect(await quarantineDrifting(store)).toEqual(['bad']);
      expect((await listBenches(store)).map(({ quarantined }) => quarantined)).toEqual([
        '5 of its last results failed where all other benches passed',
        null,
      ]);
      await quarantine(store, 'bad', null);
      expect(await quarantineDrifting(store)).toEqual([]);
    });

    const LOST = { reason: 'the link died in SEL-1 after 7 cases (7 passed, 0 failed): no card', linkLost: true };

    it('an error after an attempt that was given back says why that was; another verdict does not', async () => {
      for (const each of ['b1', 'b2']) await bench(each);
      await submit([RUN, { ...RUN, repetition: 2 }]);
      const first = await take('b1');
      expect([first.attemptNumber, first.attemptsAllowed]).toEqual([1, 2]);
      await releaseLease(store, first.attempt, { bench: 'b1', ...LOST });
      const again = await take('b2');
      expect([again.run, again.attemptNumber, again.attemptsAllowed]).toEqual([first.run, 2, 2]);
      await record('b2', again, { verdict: 'error', reason: 'the link died too' });
      const { run, statement } = await runDetail(store, first.run);
      expect(run.reason).toBe(`the link died too; before it attempt 1 on b1: ${LOST.reason}`);
      // What its bench signed stays as it is.
      expect(statement?.reason).toBe('the link died too');
      const second = await take('b1');
      await releaseLease(store, second.attempt, { bench: 'b1', ...LOST });
      await record('b2', await take('b2'));
      expect((await runDetail(store, second.run)).run).toMatchObject({ state: 'passed', reason: '', attempts: 2 });
      await clean();
    });

    it('a link that died counts against its bench where the others pass; where theirs died too it does not', async () => {
      for (const each of ['good', 'bad', 'other']) await bench(each);
      await submit(Array.from({ length: 12 }, (_, place) => ({ ...RUN, repetition: place + 1 })));
      const lose = async (named: string, lost: object = LOST): Promise<void> => {
        await releaseLease(store, (await take(named)).attempt, { bench: named, ...LOST, ...lost });
        await record('good', await take('good'));
      };
      for (let each = 0; each < 4; each++) await lose('bad');
      // A full disk is no link.
      for (let each = 0; each < 5; each++) await lose('other', { reason: 'its disk is full', linkLost: false });
      expect(await quarantineDrifting(store)).toEqual([]);
      await lose('bad');
      await lose('other');
      expect(await quarantineDrifting(store)).toEqual([]);
      await store.sql.query(`update lab_attempts set link_lost = false where bench = 'other'`);
      expect(await quarantineDrifting(store)).toEqual(['bad']);
      await quarantine(store, 'bad', null);
      expect(await quarantineDrifting(store)).toEqual([]);
    });

    it('a bench is known by its key, and an old one is told to be updated', async () => {
      await bench('b1');
      const enrol = { name: 'b1', publicKey: testKey().publicKey, interface: 1, version: '0.1.0' };
      await refuses(enrolBench(store, enrol), 'bench-name-taken');
      await refuses(enrolBench(store, { ...enrol, name: 'b2', interface: 0 }), 'bench-outdated');
      const own = (keys.get('b1') as TestKey).publicKey;
      expect(await enrolBench(store, { ...enrol, publicKey: own, version: '0.2.0' })).toBeNull();
      const [listed] = await listBenches(store);
      expect(listed).toMatchObject({ name: 'b1', version: '0.2.0', publicKey: own, alive: true, devices: [LOOPBACK] });
      await refuses(beat('b9'), 'bench-unknown');
      await refuses(takeRun(store, 'b9', ['loopback']), 'bench-unknown');
    });

    it('a result must be its bench’s own, of that attempt, and whole', async () => {
      await bench('b1');
      await bench('b2');
      await submit([RUN, RUN]);
      const [mine, other] = [await take('b1'), await take('b2')];
      const own = keys.get('b1') as TestKey;
      const right = statementFor('b1', mine);
      const send = async (statement: object, key = own, typ?: string): Promise<number> =>
        recordResult(store, mine.attempt, await signed(statement, key, typ));
      await refuses(send(right, keys.get('b2')), 'result-unsigned');
      await refuses(send(right, own, 'JWT'), 'result-unsigned');
      await refuses(recordResult(store, mine.attempt, 'a.b.c'), 'result-unsigned');
      await refuses(send({ ...right, verdict: 'great' }), 'result-malformed');
      await refuses(send({ ...right, run: other.run }), 'result-for-another');
      await refuses(send({ ...right, device: 'another' }), 'result-for-another');
      const blob = { role: 'trace', name: 't.jsonl', sha256: sha256('t'), bytes: 1, mediaType: 'application/jsonl' };
      await refuses(send({ ...right, blobs: [blob] }), 'blob-missing');
      await refuses(recordResult(store, newKey(), await signed(right, own)), 'attempt-unknown');
      await storeBlob(store, blob.sha256, pieces('t'));
      await send({
        ...{ ...right, blobs: [blob], verdict: 'failed', reason: '<b>1 case</b>', figures: { 'tap.p50.ms': 3.5 } },
        cases: [
          { id: 'SEL-001', verdict: 'pass', reason: '' },
          { id: 'SEL-002', verdict: 'fail', reason: '6A82 came' },
        ],
      });
      const { run, statement, attempts } = await runDetail(store, mine.run);
      expect(run).toMatchObject({ state: 'failed', reason: '<b>1 case</b>', backend: 'simulated' });
      expect(statement).toMatchObject({ blobs: [blob], figures: { 'tap.p50.ms': 3.5 } });
      expect(attempts).toMatchObject([{ number: 1, bench: 'b1', state: 'finished' }]);
      const cases = await store.sql.query('select place, id, verdict from lab_cases order by place');
      expect(cases).toEqual([
        { place: 1, id: 'SEL-001', verdict: 'pass' },
        { place: 2, id: 'SEL-002', verdict: 'fail' },
      ]);
      await clean();
    });

    it('a result with text that no database keeps, or with two files of one name, is refused and not stuck', async () => {
      await bench('b1');
      await submit([RUN]);
      const mine = await take('b1');
      for (const reason of ['a\0b', 'a\ud800b']) {
        await refuses(record('b1', mine, { cases: [{ id: 'A', verdict: 'fail', reason }] }), 'result-malformed');
      }
      await storeBlob(store, sha256('t'), pieces('t'));
      const blob = { role: 'trace', name: 't.jsonl', sha256: sha256('t'), bytes: 1, mediaType: 'a/b' } as const;
      await refuses(record('b1', mine, { blobs: [blob, blob] }), 'result-malformed');
      await record('b1', mine, { blobs: [blob] });
      await clean();
    });

    it('a file that was dropped after its upload is asked for again, by results and by campaigns', async () => {
      await bench('b1');
      await submit([RUN]);
      const mine = await take('b1');
      const hash = sha256('t');
      const blob = { role: 'trace', name: 't.jsonl', sha256: hash, bytes: 1, mediaType: 'a/b' } as const;
      const withInput = submission([{ ...RUN, inputs: [{ name: 'a.img', sha256: hash }] }]);
      // The one has no row any more, the other no file.
      for (const drop of [
        () => store.sql.query('delete from lab_blobs where sha256 = $1', [hash]),
        async () => rmSync(join(store.blobs, hash.slice(0, 2), hash)),
      ]) {
        await storeBlob(store, hash, pieces('t'));
        await drop();
        await refuses(record('b1', mine, { blobs: [blob] }), 'blob-missing');
        expect(await submitCampaign(store, withInput, NOW)).toMatchObject({ campaign: null, missing: [hash] });
        expect(await missingBlobs(store, [hash])).toEqual([hash]);
      }
      await storeBlob(store, hash, pieces('t'));
      await record('b1', mine, { blobs: [blob] });
      expect((await submitCampaign(store, withInput, NOW)).campaign).toBe(2);
      await clean();
    });

    it('takes away what a server that was killed left among the files, and nothing else', async () => {
      const old = new Date(Date.now() - 2 * 86_400_000);
      const [kept, noRow] = [sha256('kept'), sha256('no row')];
      await storeBlob(store, kept, pieces('kept'));
      const place = (name: string): string => join(store.blobs, kept.slice(0, 2), name);
      for (const name of ['torn.new', 'under way.new', noRow]) writeFileSync(place(name), 'x');
      for (const name of ['torn.new', noRow, kept]) utimesSync(place(name), old, old);
      await sweepBlobs(store);
      expect(readdirSync(join(store.blobs, kept.slice(0, 2))).sort()).toEqual([kept, 'under way.new'].sort());
      rmSync(place('under way.new'));
    });

    it('a file is kept under its hash when it is whole and right', async () => {
      const [right, wrong] = [sha256('content'), sha256('something else')];
      await storeBlob(store, right, pieces('con', 'tent'));
      await storeBlob(store, right, pieces('content'));
      await refuses(storeBlob(store, wrong, pieces('content')), 'blob-differs');
      const torn = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from('some');
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      };
      await refuses(storeBlob(store, wrong, torn()), 'blob-torn');
      expect(await missingBlobs(store, [right, wrong, wrong])).toEqual([wrong]);
      const read: Buffer[] = [];
      for await (const part of await readBlob(store, right)) read.push(part as Buffer);
      expect(Buffer.concat(read).toString()).toBe('content');
      await refuses(readBlob(store, wrong), 'blob-unknown');
      const elsewhere = { ...store, blobs: join(folder, 'of another server') };
      await refuses(readBlob(elsewhere, right), 'blob-elsewhere');
      expect(await missingBlobs(elsewhere, [right])).toEqual([right]);
      const left = readdirSync(store.blobs, { recursive: true, encoding: 'utf8' });
      expect(left.filter((each) => each.endsWith('.new'))).toEqual([]);
    });

    it('drops files of old runs and none that a run still needs; verdicts stay', async () => {
      await bench('b1');
      const [report, used, needed] = [sha256('report'), sha256('used'), sha256('needed')];
      for (const text of ['report', 'used', 'needed']) await storeBlob(store, sha256(text), pieces(text));
      const input = (hash: string): SubmittedRun => ({ ...RUN, inputs: [{ name: 'a.img', sha256: hash }] });
      await submit([input(used)]);
      await submit([input(needed), input(needed)]);
      const taken = await take('b1');
      const blob = { role: 'trace', name: 't.jsonl', sha256: report, bytes: 6, mediaType: 'a/b' } as const;
      await record('b1', taken, { blobs: [blob] });
      expect(await prune(false)).toEqual({ files: 0, bytes: 0, after: null });
      const tenDays = 10 * 86_400_000;
      expect(await endCampaigns(store)).toBe(1);
      for (const table of ['lab_runs', 'lab_campaigns']) {
        await store.sql.query(`update ${table} set ended_at = ended_at - $1::int8`, [tenDays]);
      }
      await store.sql.query('update lab_blobs set stored_at = stored_at - $1::int8', [tenDays]);
      expect(await prune(true)).toEqual({ files: 2, bytes: 10, after: null });
      expect(await missingBlobs(store, [report, used, needed])).toEqual([]);
      expect(await prune(false)).toEqual({ files: 2, bytes: 10, after: null });
      expect(await missingBlobs(store, [report, used, needed])).toEqual([report, used]);
      const { results, after } = await listResults(store, 1, 0);
      expect(results.map(({ run, jws, attempts }) => [run.state, jws === null, attempts.length])).toEqual([
        ['passed', false, 1],
      ]);
      expect(after).toBeNull();
      await clean();
    });

    it('files that are dropped while benches upload and record are asked for again, and none is lost', async () => {
      await bench('b1');
      await submit(Array.from({ length: 12 }, (_, place) => ({ ...RUN, repetition: place + 1 })));
      let working = true;
      const dropping = (async () => {
        for (; working; await sleep(20)) await pruneFiles(store, { olderThanDays: 0, dryRun: false, after: null });
      })();
      const one = async (): Promise<void> => {
        const taken = await takeRun(store, 'b1', ['loopback']);
        if (taken === null) return;
        const name = `${taken.repetition}`;
        const blob = { role: 'trace', name, sha256: sha256(`${name}`), bytes: 1, mediaType: 'a/b' } as const;
        for (let tries = 0; tries < 200; tries++) {
          if ((await missingBlobs(store, [blob.sha256])).length > 0) await storeBlob(store, blob.sha256, pieces(name));
          const refused = await record('b1', taken, { blobs: [blob] }).then(
            () => null,
            (error: { code?: string }) => error,
          );
          if (refused === null) break;
          expect(refused).toMatchObject({ code: 'blob-missing' });
        }
        await one();
      };
      await one();
      working = false;
      await dropping;
      const uses = await store.sql.query<{ sha256: string }>('select sha256 from lab_blob_uses');
      expect(
        await missingBlobs(
          store,
          uses.map((each) => each.sha256),
        ),
      ).toEqual([]);
      const rows = await store.sql.query<{ sha256: string }>('select sha256 from lab_blobs');
      const onDisk = Array.from({ length: 12 }, (_, place) => sha256(`${place + 1}`)).filter((each) =>
        isOnDisk(store, each),
      );
      expect(onDisk.sort()).toEqual(rows.map((row) => row.sha256).sort());
      expect(await checkStore(store)).toMatchObject({ ...CLEAN, runs: 12, results: 12 });
    }, 60_000);

    it('tokens open their role until they are revoked, and are not stored', async () => {
      const token = await addToken(store, 'shift 1', 'viewer');
      expect(await roleOfToken(store, token)).toBe('viewer');
      expect(await roleOfToken(store, `${token}x`)).toBeNull();
      const [row] = await listTokens(store);
      expect(row).toMatchObject({ name: 'shift 1', role: 'viewer', revokedAt: null });
      const [all] = await store.sql.query<{ text: string }>('select lab_tokens::text as text from lab_tokens');
      expect(all?.text).not.toContain(token.slice(5));
      await revokeToken(store, row?.id as number);
      expect(await roleOfToken(store, token)).toBeNull();
      await refuses(revokeToken(store, 99), 'token-unknown');
    });

    it('lists runs in pages, by state, subject and suite, and finds them by words', async () => {
      await bench('b1');
      const many = Array.from({ length: 205 }, (_, place) => ({ ...RUN, repetition: place + 1 }));
      const campaign = await submit([{ ...RUN, subject: '100%_card' }, ...many]);
      const taken = await take('b1');
      await noteProgress(store, taken.attempt, { bench: 'b1', done: 3, total: 9, note: 'SEL-003' });
      expect((await runDetail(store, taken.run)).progress).toEqual({ done: 3, total: 9, note: 'SEL-003' });
      await refuses(noteProgress(store, taken.attempt, { bench: 'b2', done: 1, total: 1, note: '' }), 'attempt-over');
      const page = await listRuns(store, { campaign });
      expect([page.runs.length, page.after]).toEqual([200, 200]);
      expect((await listRuns(store, { campaign, after: 200 })).runs.map(({ number }) => number)).toEqual([
        ...[201, 202, 203, 204, 205, 206],
      ]);
      expect((await listRuns(store, { campaign, state: 'running' })).runs).toMatchObject([{ number: 1, bench: 'b1' }]);
      expect(await searchRuns(store, '0%_C')).toMatchObject([{ subject: '100%_card' }]);
      expect(await searchRuns(store, taken.run)).toMatchObject([{ id: taken.run }]);
      await refuses(runDetail(store, newKey()), 'run-unknown');
    });

    it.each(['take', 'record'] as const)('%s changes everything in one statement', async (verb) => {
      await bench('b1');
      await submit([RUN, RUN]);
      const taken = verb === 'take' ? null : await take('b1');
      const pictures: string[] = [];
      const watched: Sql = {
        ...{ kind: store.sql.kind, location: store.sql.location },
        async query(text, parameters) {
          const rows = await store.sql.query(text, parameters);
          pictures.push(await picture(store));
          return rows as never;
        },
        transaction: () => Promise.reject(new Error('it takes no transaction of several statements')),
        script: () => Promise.reject(new Error('it runs no script')),
        close: () => store.sql.close(),
      };
      const before = await picture(store);
      if (taken === null) expect(await takeRun({ ...store, sql: watched }, 'b1', ['loopback'])).not.toBeNull();
      else {
        const cases = [{ id: 'A', verdict: 'pass', reason: '' }] as const;
        const jws = await signed(statementFor('b1', taken, { cases }), keys.get('b1') as TestKey);
        await recordResult({ ...store, sql: watched }, taken.attempt, jws);
        expect(
          await store.sql.query('select state, completed_on is not null as at from lab_queue.job order by 1'),
        ).toEqual([
          { state: 'created', at: false },
          { state: 'completed', at: true },
        ]);
      }
      // The first one asks, and changes nothing.
      expect(pictures).toEqual([before, expect.any(String)]);
      expect(pictures[1]).not.toBe(before);
      await clean();
    });

    it.each([
      ['give back', 4],
      ['cancel', 6],
      ['submit', 6],
    ])(
      '%s: power that fails after any of its statements changes nothing',
      async (verb, statements) => {
        await bench('b1');
        const campaign = await submit([RUN, RUN]);
        const taken = verb === 'submit' ? null : await take('b1');
        if (verb === 'give back') await store.sql.query('update lab_leases set expires_at = lab_now() - 1');
        const act = (cut: LabStore): Promise<unknown> => {
          if (verb === 'give back') return giveBackExpired(cut);
          if (verb === 'cancel') return cancelCampaign(cut, campaign);
          if (verb === 'submit') return submitCampaign(cut, submission([RUN, RUN]), NOW);
          const statement = statementFor('b1', taken as TakenRun, {
            cases: [{ id: 'A', verdict: 'pass', reason: '' }],
          });
          return signed(statement, keys.get('b1') as TestKey).then((jws) =>
            recordResult(cut, (taken as TakenRun).attempt, jws),
          );
        };
        const before = await picture(store);
        let cuts = 0;
        for (;;) {
          const asked = { count: 0 };
          const cut = act({ ...store, sql: cutAfter(store.sql, cuts + 1, asked) });
          const failed = await cut.then(
            () => false,
            (error: Error) => error.message === 'power cut',
          );
          if (!failed) break;
          cuts++;
          expect(await picture(store)).toBe(before);
        }
        // It was cut where it works, and not only before.
        expect(cuts).toBeGreaterThanOrEqual(statements);
        await clean();
        await lapse();
      },
      60_000,
    );

    casesContract(() => store);
  });
}

/** All rows of all tables, as text. */
async function picture({ sql }: LabStore): Promise<string> {
  const rows: unknown[] = [];
  for (const table of [...TABLES, 'lab_queue.job']) {
    const alias = table.split('.').at(-1) as string;
    rows.push(table, await sql.query(`select ${alias}::text as row from ${table} order by 1`));
  }
  return JSON.stringify(rows);
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** A database on which the nth statement of a transaction does its work, and then the power fails. */
function cutAfter(sql: Sql, statement: number, asked: { count: number }): Sql {
  return {
    ...{ kind: sql.kind, location: sql.location },
    query: (text, parameters) => sql.query(text, parameters),
    transaction: (work) =>
      sql.transaction((statements) => {
        const cutting: Statements = {
          async query(text, parameters) {
            const rows = await statements.query(text, parameters);
            asked.count++;
            if (asked.count === statement) throw new Error('power cut');
            return rows as never;
          },
        };
        return work(cutting);
      }),
    script: (statements) => sql.script(statements),
    close: () => sql.close(),
  };
}
