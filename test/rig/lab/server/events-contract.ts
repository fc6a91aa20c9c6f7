import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TakenRun } from '../../../../rig/lab/api/bench.ts';
import { type BenchLink, benchLink } from '../../../../rig/lab/api/bench-link.ts';
import type { LabEvent } from '../../../../rig/lab/api/event.ts';
import { hearEvents } from '../../../../rig/lab/api/event-link.ts';
import { type PersonLink, personLink } from '../../../../rig/lab/api/person-link.ts';
import { ChangeBell } from '../../../../rig/lab/server/change-bell.ts';
import { EventReaders } from '../../../../rig/lab/server/event-readers.ts';
import { createLabServer } from '../../../../rig/lab/server/lab-server.ts';
import type { LabStore } from '../../../../rig/lab/store/store.ts';
import { submitCampaign } from '../../../../rig/lab/store/submit.ts';
import { addToken } from '../../../../rig/lab/store/tokens.ts';
import type { WebServer } from '../../../../rig/web/server.ts';
import { LOOPBACK, newKey, RUN, signed, statementFor, testKey } from '../store/lab-in-test.ts';

const KEY = testKey();
const SLOW = 60_000;

/** One who hears events, and what was heard. */
interface Listener {
  readonly events: LabEvent[];
  readonly lastId: () => string | null;
  /** Why it ended; null: it has not. */
  readonly ended: () => unknown;
  /** Waits for an event of this name whose data has these fields. */
  heard(event: LabEvent['event'], data?: object): Promise<void>;
  stop(): Promise<void>;
}

async function listen(
  origin: string,
  token: string,
  { campaign = null, lastId = null }: { campaign?: number | null; lastId?: string | null } = {},
): Promise<Listener> {
  const end = new AbortController();
  const heard = await hearEvents({ origin, token, signal: end.signal }, { campaign, lastId });
  const events: LabEvent[] = [];
  let ended: unknown = null;
  const hearing = (async () => {
    for await (const event of heard) events.push(event);
    ended = 'the server ended it';
  })().catch((error) => {
    ended = error;
  });
  return {
    events,
    lastId: heard.lastId,
    ended: () => ended,
    heard: (event, data = {}) =>
      vi.waitFor(() => expect(events).toContainEqual({ event, data: expect.objectContaining(data) }), {
        timeout: SLOW,
        interval: 50,
      }),
    async stop() {
      end.abort();
      await hearing;
    },
  };
}

/**
 * What is heard of a lab: at one server, of what comes to another one on the same database (or to itself). The stores are
 * closed by whoever opened them.
 */
export function eventsContract(
  name: string,
  openStores: () => Promise<{ readonly heardAt: LabStore; readonly changedAt: LabStore }>,
): void {
  describe(name, { timeout: 2 * SLOW }, () => {
    const faults: unknown[] = [];
    let stores: Awaited<ReturnType<typeof openStores>>;
    let [here, there]: WebServer[] = [];
    let origin: string;
    let bench: BenchLink;
    let operator: PersonLink;
    let viewer: string;

    beforeAll(async () => {
      stores = await openStores();
      const serve = (store: LabStore) =>
        createLabServer(store, {
          ...{ host: '127.0.0.1', port: 0, tls: null, version: '0', log: () => {} },
          fault: (error) => faults.push(error),
        });
      here = await serve(stores.heardAt);
      there = stores.changedAt === stores.heardAt ? here : await serve(stores.changedAt);
      ({ origin } = await here.listen());
      const far = there === here ? origin : (await (there as WebServer).listen()).origin;
      viewer = await addToken(stores.changedAt, 'viewer', 'viewer');
      bench = benchLink({ origin: far, token: await addToken(stores.changedAt, 'bench', 'bench') });
      operator = personLink({ origin: far, token: await addToken(stores.changedAt, 'operator', 'operator') });
      await bench.enrol({ name: 'heard-1', publicKey: KEY.publicKey, interface: 1, version: '0.1.0' });
      await beat();
    }, 120_000);
    afterAll(async () => {
      await here?.close();
      if (there !== here) await there?.close();
      expect(faults).toEqual([]);
    });

    const beat = (attempts: readonly string[] = []) =>
      bench.heartbeat({ bench: 'heard-1', clock: Date.now(), devices: [LOOPBACK], attempts, drift: null, spooled: 0 });
    const submission = (runs = 1) => ({
      ...{ name: 'nightly', source: 'name: nightly', dryRun: false, attempts: 3, key: newKey() },
      runs: Array.from({ length: runs }, (_, place) => ({ ...RUN, repetition: place + 1 })),
    });
    const submit = async (runs?: number): Promise<number> =>
      (await operator.submit(submission(runs))).campaign as number;
    const take = async (): Promise<TakenRun> =>
      (await bench.take({ bench: 'heard-1', free: ['loopback'], waitSeconds: 20 })) as TakenRun;
    const pass = async (taken: TakenRun): Promise<void> =>
      void (await bench.record(taken.attempt, await signed(statementFor('heard-1', taken), KEY)));
    const passOne = async (): Promise<TakenRun> => {
      await submit();
      await beat();
      const taken = await take();
      await pass(taken);
      return taken;
    };

    it('a campaign comes, a bench takes its run, says how far it is, and ends it', async () => {
      const listener = await listen(origin, viewer);
      await listener.heard('start');
      const campaign = await submit();
      await listener.heard('campaign', { campaign, name: 'nightly', endedAt: null });
      await listener.heard('run', { campaign, state: 'queued' });
      await beat();
      const taken = await take();
      await listener.heard('run', {
        id: taken.run,
        state: 'running',
        bench: 'heard-1',
        device: 'loopback',
        attempts: 1,
      });
      await listener.heard('bench', { bench: 'heard-1', alive: true, quarantined: null, running: 1 });
      await bench.progress(taken.attempt, { bench: 'heard-1', done: 1, total: 4, note: 'SEL-001' });
      const { run, attempt } = taken;
      await listener.heard('progress', { campaign, run, attempt, done: 1, total: 4, note: 'SEL-001' });
      await pass(taken);
      await listener.heard('run', { id: run, state: 'passed', endedAt: expect.any(Number) });
      await listener.heard('bench', { bench: 'heard-1', running: 0 });
      await operator.quarantine('heard-1', 'its reader was changed');
      await listener.heard('bench', { bench: 'heard-1', quarantined: 'its reader was changed' });
      await operator.quarantine('heard-1', null);
      // The servers' upkeep begins one lease's time after they start.
      await listener.heard('campaign', { campaign, endedAt: expect.any(Number) });
      const states = listener.events.flatMap((each) => (each.event === 'run' ? each.data.state : []));
      expect(states).toEqual(['queued', 'running', 'passed']);
      expect(listener.events.filter(({ event }) => event === 'start')).toHaveLength(1);
      await listener.stop();
    });

    it('what nobody rang for, as when a server died after its change, is found all the same', async () => {
      const listener = await listen(origin, viewer);
      await listener.heard('start');
      const { campaign } = await submitCampaign(stores.changedAt, submission(), Date.now());
      await listener.heard('run', { campaign, state: 'queued' });
      await operator.cancel(campaign as number);
      await listener.stop();
    });

    it('of one campaign alone, where that is asked for', async () => {
      const [other, asked] = [await submit(), await submit()];
      const listener = await listen(origin, viewer, { campaign: asked });
      await listener.heard('start');
      await operator.cancel(other);
      await operator.cancel(asked);
      await listener.heard('run', { campaign: asked, state: 'cancelled' });
      const campaigns = listener.events.flatMap(({ data }) => ('campaign' in data ? data.campaign : []));
      expect(new Set(campaigns)).toEqual(new Set([asked]));
      expect(listener.events.map(({ event }) => event)).not.toContain('bench');
      await listener.stop();
    });

    it('goes on after a lost connection where it was', async () => {
      const before = await listen(origin, viewer);
      const first = await passOne();
      await before.heard('run', { id: first.run, state: 'passed' });
      await vi.waitFor(() => expect(Number(before.lastId())).toBeGreaterThan(0), 20_000);
      await before.stop();
      const missed = await passOne();
      const after = await listen(origin, viewer, { lastId: before.lastId() });
      await after.heard('run', { id: missed.run, state: 'passed' });
      const next = await passOne();
      await after.heard('run', { id: next.run, state: 'passed' });
      expect(after.events.map(({ event }) => event)).not.toContain('start');
      await after.stop();
    });

    it.each(['99999999999999', 'yesterday', '-1', ''])('begins anew where nobody knows "%s"', async (lastId) => {
      const listener = await listen(origin, viewer, { lastId });
      await listener.heard('start');
      expect(listener.events[0]).toEqual({ event: 'start', data: {} });
      await listener.stop();
    });

    it('of more than can be told one by one it says that everything may have changed', async () => {
      const listener = await listen(origin, viewer);
      await listener.heard('start');
      const lastId = listener.lastId();
      const campaign = await submit(600);
      await vi.waitFor(
        () => expect(listener.events.filter(({ event }) => event === 'start').length).toBeGreaterThan(1),
        { timeout: SLOW, interval: 50 },
      );
      expect(listener.events.filter(({ event }) => event === 'run')).toEqual([]);
      const late = await listen(origin, viewer, { lastId });
      await late.heard('start');
      await Promise.all([listener.stop(), late.stop()]);
      await operator.cancel(campaign);
    });

    it('a reader that does not keep up costs no memory, and is told to ask anew when it reads again', async () => {
      // The first look goes back one second: with the 600 runs that were cancelled just now it would tell all as one.
      await sleep(1500);
      const bell = new ChangeBell(stores.heardAt);
      const readers = new EventReaders(stores.heardAt, bell, (error) => faults.push(error));
      const stream = await readers.open({ token: null, campaign: null, lastId: null });
      const campaign = await submit(400);
      await vi.waitFor(() => expect(stream.behindMs()).toBeGreaterThan(0), { timeout: SLOW, interval: 50 });
      const kept = stream.readableLength;
      await operator.cancel(campaign);
      await sleep(1000);
      expect(stream.readableLength).toBe(kept);
      let text = '';
      stream.on('data', (piece: Buffer) => {
        text += piece;
      });
      await vi.waitFor(() => expect(text.match(/^event: start$/gm)).toHaveLength(2), { timeout: SLOW, interval: 50 });
      await readers.close();
      await bell.close();
    });

    it('ends when the token is revoked, and says so; another token goes on', async () => {
      const token = await operator.addToken('shift 2', 'viewer');
      const [listener, other] = [await listen(origin, token), await listen(origin, viewer)];
      await listener.heard('start');
      const { id } = (await operator.tokens()).find((each) => each.name === 'shift 2') as { id: number };
      await operator.revokeToken(id);
      await listener.heard('end', {
        ...{ error: 'token-wrong', message: 'the token is missing, wrong or revoked: ask an operator for one' },
      });
      await vi.waitFor(() => expect(listener.ended()).toBe('the server ended it'), { timeout: SLOW, interval: 50 });
      await expect(listen(origin, token)).rejects.toMatchObject({ status: 401, code: 'token-wrong' });
      expect(other.ended()).toBeNull();
      await other.stop();
    });

    it('refuses a stream too many, and opens it when one is closed', async () => {
      const open = await Promise.all(Array.from({ length: 20 }, () => listen(origin, viewer)));
      await expect(listen(origin, viewer)).rejects.toMatchObject({ status: 503, code: 'streams-full' });
      await open[0]?.stop();
      await vi.waitFor(async () => await (await listen(origin, viewer)).stop(), { timeout: SLOW, interval: 200 });
      await Promise.all(open.map((each) => each.stop()));
    });

    it('a server that ends ends its streams, and does not wait for them', async () => {
      const own = await createLabServer(stores.heardAt, {
        ...{ host: '127.0.0.1', port: 0, tls: null, version: '0', log: () => {} },
        limits: { endMs: 10 * SLOW },
      });
      const listener = await listen((await own.listen()).origin, own.secret);
      await listener.heard('start');
      await own.close();
      await vi.waitFor(() => expect(listener.ended()).toBe('the server ended it'), 20_000);
    });
  });
}
