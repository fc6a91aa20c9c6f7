import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type MigrationOwner, migrate } from '../../../rig/store/migrate.ts';
import type { OpenedSql } from '../../../rig/store/sql.ts';

const NOW = 1_764_000_000_000;

const OWNER: MigrationOwner = {
  name: 'cupboard',
  migrations: [
    { number: 1, name: 'jars', statements: ['create table jars (label text primary key, grams int not null)'] },
    {
      number: 2,
      name: 'lids',
      statements: ['alter table jars add column lid bytea', "insert into jars values ('tea', 90)"],
    },
  ],
};

/** What every database of {@link Sql} does. */
export function sqlContract(name: string, open: () => Promise<OpenedSql>): void {
  describe(name, () => {
    let sql: OpenedSql;
    beforeAll(async () => {
      sql = await open();
    }, 120_000);
    afterAll(() => sql?.close());

    it('gives values of the same types', async () => {
      const bytes = Uint8Array.of(0, 1, 0xfe, 0xff);
      const [row] = await sql.query(
        `select $1::text as text, $2::int4 as small, $3::int8 as large, $4::bool as yes, $5::bytea as bytes, $6::float8 as part,
         null::text as absent, '{"b": 1}'::jsonb as document, count(*) as counted`,
        ['é', 7, 9_007_199_254_740_991, true, bytes, 0.5],
      );
      expect(row).toEqual({
        ...{ text: 'é', small: 7, large: 9_007_199_254_740_991, yes: true, bytes, part: 0.5 },
        ...{ absent: null, document: '{"b": 1}', counted: 1 },
      });
      expect(Object.getPrototypeOf(row?.bytes)).toBe(Uint8Array.prototype);
      const [second] = await sql.query('select $1::bytea as bytes', [null]);
      expect(second).toEqual({ bytes: null });
    });

    it('refuses a number that a number cannot tell', async () => {
      await expect(sql.query('select 9007199254740993::int8 as large')).rejects.toThrow('too large');
    });

    it('runs a text of several statements, all of them or none', async () => {
      await sql.script('create table texts (a int); insert into texts values (1); insert into texts values (2);');
      expect(await sql.query('select a from texts order by a')).toEqual([{ a: 1 }, { a: 2 }]);
      await expect(sql.script('delete from texts; select nothing from nowhere')).rejects.toThrow('nowhere');
      expect(await sql.query('select count(*) as rows from texts')).toEqual([{ rows: 2 }]);
    });

    it('makes each migration once, and only whole', async () => {
      expect(await migrate(sql, OWNER, NOW)).toEqual([1, 2]);
      expect(await migrate(sql, OWNER, NOW)).toEqual([]);
      const broken = {
        number: 3,
        name: 'half',
        statements: ['create table half (a int)', 'insert into nowhere values (1)'],
      };
      await expect(migrate(sql, { ...OWNER, migrations: [...OWNER.migrations, broken] }, NOW)).rejects.toThrow(
        'nowhere',
      );
      expect(await sql.query("select to_regclass('half')::text as half")).toEqual([{ half: null }]);
      const made = await sql.query('select number, name, made_at from migrations where owner = $1 order by number', [
        'cupboard',
      ]);
      expect(made).toEqual([
        { number: 1, name: 'jars', made_at: NOW },
        { number: 2, name: 'lids', made_at: NOW },
      ]);
    });

    it('keeps the migrations of several owners apart', async () => {
      const other = {
        name: 'cellar',
        migrations: [{ number: 1, name: 'bottles', statements: ['create table bottles (a int)'] }],
      };
      expect(await migrate(sql, other, NOW)).toEqual([1]);
      expect(await migrate(sql, OWNER, NOW)).toEqual([]);
    });

    it('notices a migration that was changed, and tables of a newer version', async () => {
      const [first, second] = OWNER.migrations;
      const changed = { ...OWNER, migrations: [first!, { ...second!, statements: ['select 1'] }] };
      await expect(migrate(sql, changed, NOW)).rejects.toThrow(
        'migration 2 of cupboard is not the one that was made there',
      );
      await expect(migrate(sql, { ...OWNER, migrations: [first!] }, NOW)).rejects.toThrow(
        'a newer vitap made its tables',
      );
    });

    it('undoes everything of a transaction that fails', async () => {
      const failing = sql.transaction(async (statements) => {
        await statements.query("insert into jars values ('rice', 500)");
        throw new Error('the cat came');
      });
      await expect(failing).rejects.toThrow('the cat came');
      expect(await sql.query('select label from jars order by label')).toEqual([{ label: 'tea' }]);
      const result = await sql.transaction(async (statements) => {
        await statements.query("insert into jars values ('rice', 500)");
        return 42;
      });
      expect(result).toBe(42);
      expect(await sql.query('select label from jars order by label')).toEqual([{ label: 'rice' }, { label: 'tea' }]);
    });

    it('leaves the error of something else in a transaction as it is', async () => {
      const cause = Object.assign(new Error('no such file'), { code: 'ENOENT' });
      await expect(sql.transaction(() => Promise.reject(cause))).rejects.toBe(cause);
    });

    it('tells which constraint forbids it, and no value of the row', async () => {
      const twice = sql.query("insert into jars values ('tea', 1)");
      await expect(twice).rejects.toMatchObject({ name: 'StoreError', kind: 'conflict', constraint: 'jars_pkey' });
      await expect(twice).rejects.not.toThrow('tea');
    });

    it('runs transactions that were asked for at once', async () => {
      await sql.query("insert into jars values ('count', 0)");
      const add = () =>
        sql.transaction((statements) => statements.query("update jars set grams = grams + 1 where label = 'count'"));
      await Promise.all(Array.from({ length: 30 }, add));
      expect(await sql.query("select grams from jars where label = 'count'")).toEqual([{ grams: 30 }]);
    });

    it('hears what is told on a channel by a statement and at the end of a transaction, until it listens no more', async () => {
      const heard: (string | null)[] = [];
      const listening = sql.listen('bell', (payload) => heard.push(payload));
      await vi.waitFor(() => expect(heard).toEqual([null]), 10_000);
      expect(listening.isLive()).toBe(true);
      await sql.query('select pg_notify($1, $2)::text', ['bell', 'one']);
      await sql.query('select pg_notify($1, $2)::text', ['knocker', 'nobody listens']);
      await sql.transaction(async (statements) => {
        await statements.query('select pg_notify($1, $2)::text', ['bell', 'two']);
      });
      const undone = sql.transaction(async (statements) => {
        await statements.query('select pg_notify($1, $2)::text', ['bell', 'undone']);
        throw new Error('the cat came');
      });
      await expect(undone).rejects.toThrow('the cat came');
      await vi.waitFor(() => expect(heard).toEqual([null, 'one', 'two']), 10_000);
      await listening.close();
      expect(listening.isLive()).toBe(false);
      await sql.query('select pg_notify($1, $2)::text', ['bell', 'three']);
      await sql.query('select 1');
      expect(heard).toEqual([null, 'one', 'two']);
    });

    it('leaves a mistake of ours as it is', async () => {
      await expect(sql.query('select nonsense from jars')).rejects.not.toMatchObject({ name: 'StoreError' });
    });
  });
}
