import { expect, it } from 'vitest';
import type { SubmittedRun } from '../../../../rig/lab/api/campaign.ts';
import type { Capability } from '../../../../rig/lab/api/capability.ts';
import { endCampaigns, listCampaigns } from '../../../../rig/lab/store/campaigns.ts';
import { checkStore } from '../../../../rig/lab/store/check.ts';
import { giveBackExpired, releaseLease } from '../../../../rig/lab/store/leases.ts';
import { runDetail } from '../../../../rig/lab/store/runs.ts';
import { submitCampaign } from '../../../../rig/lab/store/submit.ts';
import { takeRun } from '../../../../rig/lab/store/take.ts';
import { LOOPBACK, RUN } from './lab-in-test.ts';
import { CLEAN, LOST, NOW, type StoreInTest } from './store-in-test.ts';

/** Who runs what, and what a bench that falls silent gives back. */
export function leasesContract(lab: StoreInTest): void {
  const { bench, beat, submit, submission, take, record, refuses, lapse, clean } = lab;

  it('a bench that vanishes gives its run back; what it sends later is kept, and does not count', async () => {
    await bench('b1');
    await bench('b2');
    await submit([RUN]);
    const lost = await take('b1');
    expect(await giveBackExpired(lab.store)).toBe(0);
    await lapse();
    await clean();
    const again = await take('b2');
    expect(again).toMatchObject({ run: lost.run, attemptNumber: 2 });
    expect((await beat('b1', { attempts: [lost.attempt] })).gone).toEqual([lost.attempt]);
    await refuses(record('b1', lost, { verdict: 'failed' }), 'attempt-over');
    await record('b2', again);
    const { run, attempts } = await runDetail(lab.store, lost.run);
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
    await lab.store.sql.query('update lab_leases set expires_at = lab_now() - 1');
    expect((await beat('b1', { attempts: [taken.attempt] })).gone).toEqual([]);
    expect(await giveBackExpired(lab.store)).toBe(0);
  });

  it('a run that outlives its limit is taken back although its bench is alive', async () => {
    await bench('b1');
    await submit([RUN]);
    const taken = await take('b1');
    await lab.store.sql.query('update lab_leases set overdue_at = lab_now() - 1');
    expect(await giveBackExpired(lab.store)).toBe(1);
    const { attempts } = await runDetail(lab.store, taken.run);
    expect(attempts[0]).toMatchObject({ state: 'given-back', reason: 'took longer than its limit' });
  });

  it('a run that no bench finishes ends as an error, and the queue forgets it', async () => {
    await bench('b1');
    const campaign = await submit([RUN]);
    const first = await take('b1');
    await lapse();
    await take('b1');
    await lapse();
    expect(await takeRun(lab.store, 'b1', ['loopback'])).toBeNull();
    expect((await runDetail(lab.store, first.run)).run).toMatchObject({
      state: 'error',
      reason:
        'no bench finished it in 2 attempts: attempt 1 on b1: the bench was not heard of any more; attempt 2 on b1: the bench was not heard of any more',
    });
    await endCampaigns(lab.store);
    expect((await listCampaigns(lab.store)).campaigns[0]).toMatchObject({ id: campaign, retries: 1 });
    expect(await checkStore(lab.store)).toEqual({ ...CLEAN, runs: 1, results: 1 });
  });

  it('an error after an attempt that was given back says why that was; another verdict does not', async () => {
    for (const each of ['b1', 'b2']) await bench(each);
    await submit([RUN, { ...RUN, repetition: 2 }]);
    const first = await take('b1');
    expect([first.attemptNumber, first.attemptsAllowed]).toEqual([1, 2]);
    await releaseLease(lab.store, first.attempt, { bench: 'b1', ...LOST });
    const again = await take('b2');
    expect([again.run, again.attemptNumber, again.attemptsAllowed]).toEqual([first.run, 2, 2]);
    await record('b2', again, { verdict: 'error', reason: 'the link died too' });
    const { run, statement } = await runDetail(lab.store, first.run);
    expect(run.reason).toBe(`the link died too; before it attempt 1 on b1: ${LOST.reason}`);
    // What its bench signed stays as it is.
    expect(statement?.reason).toBe('the link died too');
    const second = await take('b1');
    await releaseLease(lab.store, second.attempt, { bench: 'b1', ...LOST });
    await record('b2', await take('b2'));
    expect((await runDetail(lab.store, second.run)).run).toMatchObject({ state: 'passed', reason: '', attempts: 2 });
    await clean();
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
    const asked = await Promise.allSettled([
      takeRun(lab.store, 'b1', ['loopback']),
      takeRun(lab.store, 'b1', ['loopback']),
    ]);
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
    const { unfit, campaign } = await submitCampaign(lab.store, submission(runs), NOW);
    expect([unfit, campaign]).toEqual([[0, 1], 1]);
    expect((await take('b1', ['contact'])).subject).toBe('hardware');
    expect(await takeRun(lab.store, 'b1', ['another'])).toBeNull();
  });
}
