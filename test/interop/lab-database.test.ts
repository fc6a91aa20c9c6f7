import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { TakenRun } from '../../rig/lab/api/bench.ts';
import type { LabRefused } from '../../rig/lab/api/lab-refused.ts';
import { openLabStore } from '../../rig/lab/store/store.ts';
import { type LabOnDatabase, labServer, openLab } from './lab-on-database.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

const MOST_CONNECTIONS = 14;
const CLEAN = { lost: [], doubled: [], stranded: [] };

describeNeeds(['postgresql'], 'a lab whose PostgreSQL is stopped, slow, full, read-only or another one', () => {
  let first: PostgresqlServer;
  let second: PostgresqlServer;
  let lab: LabOnDatabase;

  beforeAll(async () => {
    first = await startPostgresql(`max_connections=${MOST_CONNECTIONS}`);
    const url = new URL(first.database('lab'));
    second = await first.follower();
    const other = new URL(second.url('lab')).searchParams.get('host');
    url.searchParams.set('host', `${url.searchParams.get('host')},${other}`);
    lab = await openLab(url.href, { answerMs: 1500 });
  }, 120_000);
  afterAll(async () => {
    await lab?.close();
    for (const each of [first, second]) await each?.stop();
  });

  /** Sends the result again and again, as a bench does. */
  async function record(taken: TakenRun): Promise<void> {
    const jws = await lab.passed(taken);
    await vi.waitFor(() => lab.bench.record(taken.attempt, jws), { timeout: 60_000, interval: 100 });
    await lab.bench.record(taken.attempt, jws);
    expect((await lab.operator.run(taken.run)).run.state).toBe('passed');
    expect(await lab.operator.check()).toMatchObject(CLEAN);
  }
  async function refused(asked: Promise<unknown>): Promise<Pick<LabRefused, 'status' | 'code'>> {
    const { status, code } = await asked.then(
      () => expect.unreachable('it was not refused'),
      (error: LabRefused) => error,
    );
    return { status, code };
  }

  it('does not answer: the server says so in time, and goes on when it does again', { timeout: 60_000 }, async () => {
    const taken = await lab.take();
    first.freeze(true);
    try {
      expect(await refused(lab.beat([taken.attempt]))).toEqual({ status: 503, code: 'answer-too-slow' });
      expect(await refused(lab.operator.campaigns())).toEqual({ status: 503, code: 'answer-too-slow' });
    } finally {
      first.freeze(false);
    }
    await record(taken);
  });

  it('does not answer: a server ends all the same', { timeout: 50_000 }, async () => {
    const other = await openLabStore({ folder: lab.folder, url: first.url('lab'), now: Date.now(), fault: () => {} });
    const served = await labServer(other);
    await served.listen();
    first.freeze(true);
    try {
      const asked = other.sql.query('select 1').catch(({ kind }: { kind: string }) => kind);
      await served.close();
      await other.close();
      expect(await asked).toBe('unreachable');
    } finally {
      first.freeze(false);
    }
  });

  it('has no connection left: some are told to come again, and all are answered later', {
    timeout: 60_000,
  }, async () => {
    const taken = await lab.take();
    const others: pg.Client[] = [];
    const connectionString = first.url('lab');
    const takeAll = async (): Promise<void> => {
      for (;;) {
        const one = new pg.Client({ connectionString });
        one.on('error', () => {});
        const full = await one.connect().then(
          () => false,
          () => true,
        );
        if (full) return;
        others.push(one);
      }
    };
    await takeAll();
    await others[0]?.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vitap'");
    await takeAll();
    const asked = await Promise.allSettled(Array.from({ length: 8 }, () => lab.operator.benches()));
    const reasons = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason as LabRefused] : []));
    expect(reasons.length).toBeGreaterThan(0);
    for (const { status, code } of reasons) expect([status, code]).toEqual([503, 'store-busy']);
    await Promise.all(others.map((each) => each.end()));
    await vi.waitFor(() => Promise.all(Array.from({ length: 8 }, () => lab.operator.benches())), { timeout: 20_000 });
    await record(taken);
  });

  it('takes no changes for a time: each is refused, and none is half made', { timeout: 60_000 }, async () => {
    const taken = await lab.take();
    const readOnly = (value: 'on' | 'off'): void => {
      first.psql('lab', `alter system set default_transaction_read_only = ${value}`);
      first.psql('lab', 'select pg_reload_conf()');
    };
    readOnly('on');
    const jws = await lab.passed(taken);
    await vi.waitFor(
      async () => {
        // Each process hears of the new setting by itself.
        expect(await refused(lab.beat([taken.attempt]))).toEqual({ status: 503, code: 'store-unreachable' });
        expect(await refused(lab.bench.record(taken.attempt, jws))).toEqual({ status: 503, code: 'store-unreachable' });
      },
      { timeout: 20_000, interval: 100 },
    );
    readOnly('off');
    await record(taken);
  });

  it('ends, and the one that followed it goes on: the server finds it', { timeout: 120_000 }, async () => {
    const taken = await lab.take();
    // What was not copied in time is lost with a machine, whatever asks: here it was.
    const end = first.psql('lab', 'select pg_current_wal_flush_lsn()');
    await vi.waitFor(
      () => expect(second.psql('lab', `select pg_last_wal_replay_lsn() >= '${end}'::pg_lsn`)).toBe('t'),
      { timeout: 20_000, interval: 50 },
    );
    await first.stop();
    expect((await refused(lab.beat([taken.attempt]))).code).toBe('store-unreachable');
    second.psql('lab', 'select pg_promote()');
    await record(taken);
    await record(await lab.take());
  });
});
