import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSql } from '../../../rig/store/open.ts';
import { sqlContract } from './sql-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const CHILD = new URL('./write-rows-in-child.ts', import.meta.url).pathname;

sqlContract('PGlite', () => openSql(join(folder, 'contract')));

describe('a PGlite folder', () => {
  it('belongs to one process at a time, which its lock names', { timeout: 120_000 }, async () => {
    const at = join(folder, 'locked');
    const sql = await openSql(at);
    expect(statSync(at).mode & 0o077).toBe(0);
    expect(JSON.parse(readFileSync(`${at}.lock`, 'utf8'))).toMatchObject({ pid: process.pid });
    await expect(openSql(at)).rejects.toMatchObject({ name: 'HalError', kind: 'busy' });
    const other = spawnSync(process.execPath, ['--import', 'tsx', CHILD, at], { encoding: 'utf8' });
    expect(other.stderr.trim()).toBe(`${at} is in use by process ${process.pid}`);
    await sql.close();
    await sql.close();
    expect(existsSync(`${at}.lock`)).toBe(false);
    const again = await openSql(at);
    await again.close();
  });

  it('keeps every row that was acknowledged when its process is killed, and gives the lock to the next', {
    timeout: 120_000,
  }, async () => {
    const at = join(folder, 'killed');
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, at], { stdio: ['ignore', 'pipe', 'inherit'] });
    let acknowledged = 0;
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (bytes: Buffer) => {
        acknowledged = Number(bytes.toString().trim().split('\n').at(-1));
        if (acknowledged > 100) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    expect(existsSync(`${at}.lock`)).toBe(true);
    const sql = await openSql(at);
    const [kept] = await sql.query<{ number: number }>('select max(number)::int as number from rows');
    await sql.close();
    expect(kept?.number).toBeGreaterThanOrEqual(acknowledged);
  });

  it('is made anew where a process died while it made it', { timeout: 120_000 }, async () => {
    const at = join(folder, 'unfinished');
    mkdirSync(`${at}.new`);
    writeFileSync(join(`${at}.new`, 'PG_VERSION'), '18\n');
    const sql = await openSql(at);
    expect(await sql.query('select 1 as one')).toEqual([{ one: 1 }]);
    await sql.close();
    expect(existsSync(`${at}.new`)).toBe(false);
  });

  it('is not made over something else', async () => {
    const at = join(folder, 'photos');
    mkdirSync(at);
    writeFileSync(join(at, 'cat.jpg'), 'x');
    await expect(openSql(at)).rejects.toThrow('this folder is not empty and holds no database');
    expect(existsSync(join(at, 'cat.jpg'))).toBe(true);
    expect(existsSync(`${at}.lock`)).toBe(false);
  });

  it('says that it is damaged', { timeout: 120_000 }, async () => {
    const at = join(folder, 'damaged');
    await (await openSql(at)).close();
    writeFileSync(join(at, 'global', 'pg_control'), 'nothing');
    await expect(openSql(at)).rejects.toMatchObject({ name: 'StoreError', kind: 'damaged' });
  });
});

describe('a statement with parameters on PGlite', () => {
  it('is read once, and goes on when its table has become another one', { timeout: 120_000 }, async () => {
    const sql = await openSql(join(folder, 'statements'));
    try {
      await sql.script('create table jars (label text, grams int); insert into jars values ($$tea$$, 90)');
      const text = 'select grams from jars where label = $1';
      for (let i = 0; i < 3; i++) expect(await sql.query(text, ['tea'])).toEqual([{ grams: 90 }]);
      // Prepared statements of this session, and how often each was run.
      const ran = 'select (generic_plans + custom_plans)::int as times from pg_prepared_statements where statement = ';
      expect(await sql.query(`${ran} '${text}'`)).toEqual([{ times: 3 }]);
      await sql.script('alter table jars add lid bytea; create index on jars (label); update jars set grams = 80');
      expect(await sql.query(text, ['tea'])).toEqual([{ grams: 80 }]);
      await sql.script('drop table jars');
      await expect(sql.query(text, ['tea'])).rejects.toThrow('jars');
      await sql.script('create table jars (grams int, label text); insert into jars values (70, $$tea$$)');
      expect(await sql.query(text, ['tea'])).toEqual([{ grams: 70 }]);
      expect(await sql.query(`${ran} '${text}'`)).toMatchObject([{}]);
    } finally {
      await sql.close();
    }
    await expect(sql.query('select $1::int as one', [1])).rejects.toThrow('closed');
  });

  it('that fails is the only one: what was asked for at the same time gets its rows', {
    timeout: 120_000,
  }, async () => {
    const sql = await openSql(join(folder, 'failing'));
    try {
      const divide = (by: number): Promise<unknown> => sql.query('select 12 / $1::int as quotient', [by]);
      const answers = await Promise.allSettled([divide(3), divide(0), divide(4), sql.query('select nothing', [])]);
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
      expect(answers[2]).toMatchObject({ value: [{ quotient: 3 }] });
    } finally {
      await sql.close();
    }
  });
});

const CANNOT_BE_READ =
  'cannot be read: write postgresql://USER@HOST:PORT/DATABASE, or postgresql://USER@/DATABASE?host=';

describe('a URL', () => {
  it.each([
    ['postgresql://vitap:secret@localhost/issuer', 'holds a password'],
    ['postgresql:///issuer?password=secret', 'holds a password'],
    ['postgresql:///issuer?host=/nowhere&port=70000', CANNOT_BE_READ],
    ['postgresql://vitap@localhost/issuer?port=5432,5433', CANNOT_BE_READ],
    ['postgresql://v%E9@localhost/issuer', CANNOT_BE_READ],
    ['postgresql://v%E9@/issuer', CANNOT_BE_READ],
    ['postgresql://vitap@:70000/issuer', CANNOT_BE_READ],
    ['postgresql://[', CANNOT_BE_READ],
    ['mysql://vitap@localhost/issuer', CANNOT_BE_READ],
    ['postgresql://vitap:secret@/issuer?host=/nowhere', 'holds a password'],
    ['postgresql://vitap@/issuer?host=/nowhere', 'nothing is there'],
    ['postgresql://vitap@:5433/issuer?host=/nowhere', 'nothing is there'],
    ['postgresql://vitap@127.0.0.1:1/issuer', 'nothing listens there'],
    ['postgresql:///issuer?host=/nowhere', 'nothing is there'],
  ])('%s is refused in one sentence', async (url, sentence) => {
    const refused = openSql(url);
    await expect(refused).rejects.toThrow(sentence);
    await expect(refused).rejects.not.toThrow('secret');
  });
});
