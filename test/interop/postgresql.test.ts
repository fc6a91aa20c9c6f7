import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openSql } from '../../rig/store/open.ts';
import { sqlContract } from '../rig/store/sql-contract.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

describeNeeds(['postgresql'], 'PostgreSQL 15', () => {
  let server: PostgresqlServer;
  beforeAll(async () => {
    server = await startPostgresql();
  });
  afterAll(() => server?.stop());

  sqlContract('as a store', () => openSql(server.database('contract')));

  it('denies a database that is not there', async () => {
    const url = server.database('here').replace('/here?', '/elsewhere?');
    await expect(openSql(url)).rejects.toMatchObject({ kind: 'denied' });
  });

  it('takes a user, and a port, without a host where the folder of the socket stands in the query, as psql does', async () => {
    const made = new URL(server.database('socket'));
    const [host, port] = ['host', 'port'].map((name) => made.searchParams.get(name));
    for (const url of [
      `postgresql://vitap@/socket?host=${host}&port=${port}`,
      `postgresql://vitap@:${port}/socket?host=${host}`,
      `postgresql://vitap@/socket?host=/nowhere,${host}&port=${port}`,
    ]) {
      const sql = await openSql(url);
      expect(await sql.query('select current_user::text as name, current_database()::text as base')).toEqual([
        { name: 'vitap', base: 'socket' },
      ]);
      await sql.close();
    }
  });

  it('waits for a lock for five seconds and then says so', { timeout: 60_000 }, async () => {
    const sql = await openSql(server.database('locked'));
    await sql.query('create table t (a int)');
    await sql.transaction(async (holder) => {
      await holder.query('lock table t in access exclusive mode');
      await expect(sql.query('select a from t')).rejects.toMatchObject({ name: 'StoreError', kind: 'busy' });
    });
    await sql.close();
  });

  it('loses nothing that it acknowledged when it crashes, and nothing of a transaction stays', {
    timeout: 60_000,
  }, async () => {
    const sql = await openSql(server.database('crashed'));
    await sql.query('create table t (a int)');
    await sql.query('insert into t values (1)');
    const broken = sql.transaction(async (statements) => {
      await statements.query('insert into t values (2)');
      await server.crash();
      await statements.query('insert into t values (3)');
    });
    await expect(broken).rejects.toMatchObject({ name: 'StoreError', kind: 'unreachable' });
    expect(await sql.query('select a from t')).toEqual([{ a: 1 }]);
    await sql.close();
  });

  it('listens again after its connection broke, and says that it may have missed something', {
    timeout: 60_000,
  }, async () => {
    const sql = await openSql(server.database('heard'));
    const heard: (string | null)[] = [];
    const listening = sql.listen('bell', (payload) => heard.push(payload));
    await vi.waitFor(() => expect(heard).toEqual([null]), 10_000);
    server.psql('heard', "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'");
    await vi.waitFor(() => expect(heard).toEqual([null, null]), 20_000);
    server.psql('heard', "select pg_notify('bell', 'from another')");
    await vi.waitFor(() => expect(heard).toEqual([null, null, 'from another']), 10_000);
    expect(listening.isLive()).toBe(true);
    await sql.close();
    expect(listening.isLive()).toBe(false);
  });
});
