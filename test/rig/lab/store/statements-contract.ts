import { expect, it } from 'vitest';
import { cancelCampaign } from '../../../../rig/lab/store/campaigns.ts';
import { giveBackExpired } from '../../../../rig/lab/store/leases.ts';
import { recordResult } from '../../../../rig/lab/store/record.ts';
import type { LabStore } from '../../../../rig/lab/store/store.ts';
import { submitCampaign } from '../../../../rig/lab/store/submit.ts';
import { takeRun } from '../../../../rig/lab/store/take.ts';
import { vacuumChanged } from '../../../../rig/lab/store/vacuum.ts';
import type { Sql, Statements } from '../../../../rig/store/sql.ts';
import { RUN, signed, statementFor } from './lab-in-test.ts';
import { NOW, type StoreInTest, TABLES } from './store-in-test.ts';

/** What the database does with the statements of the store: all or nothing. */
export function statementsContract(lab: StoreInTest): void {
  const { bench, submit, submission, take, lapse, clean, keyOf } = lab;

  it.each(['take', 'record'] as const)('%s changes everything in one statement', async (verb) => {
    await bench('b1');
    await submit([RUN, RUN]);
    const taken = verb === 'take' ? null : await take('b1');
    const pictures: string[] = [];
    const watched: Sql = {
      ...{ kind: lab.store.sql.kind, location: lab.store.sql.location },
      async query(text, parameters) {
        const rows = await lab.store.sql.query(text, parameters);
        pictures.push(await picture(lab.store));
        return rows as never;
      },
      transaction: () => Promise.reject(new Error('it takes no transaction of several statements')),
      script: () => Promise.reject(new Error('it runs no script')),
      close: () => lab.store.sql.close(),
    };
    const before = await picture(lab.store);
    if (taken === null) expect(await takeRun({ ...lab.store, sql: watched }, 'b1', ['loopback'])).not.toBeNull();
    else {
      const cases = [{ id: 'A', verdict: 'pass', reason: '' }] as const;
      const jws = await signed(statementFor('b1', taken, { cases }), keyOf('b1'));
      await recordResult({ ...lab.store, sql: watched }, taken.attempt, jws);
      expect(
        await lab.store.sql.query('select state, completed_on is not null as at from lab_queue.job order by 1'),
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

  it('take reads the first run of a queue that was just submitted, and does not sort all that wait', async () => {
    await bench('b1');
    await submit(new Array(3000).fill(RUN));
    const { statement, parameters } = lab.store.queue.fetching;
    const [requirement] = await lab.store.sql.query<{ id: number }>('select id from lab_requirements');
    const plan = await lab.store.sql.query(`explain with fetched as (${statement}) select id from fetched`, [
      ...parameters(requirement!.id),
    ]);
    const lines = plan.map((row) => String(row['QUERY PLAN']));
    expect(lines.filter((line) => line.includes('created_on'))).toEqual([
      expect.stringMatching(/Index Scan using \w+_name_created_on_id_idx on/),
    ]);
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
      if (verb !== 'submit') await take('b1');
      if (verb === 'give back') await lab.store.sql.query('update lab_leases set expires_at = lab_now() - 1');
      const act = (cut: LabStore): Promise<unknown> => {
        if (verb === 'give back') return giveBackExpired(cut);
        if (verb === 'cancel') return cancelCampaign(cut, campaign);
        return submitCampaign(cut, submission([RUN, RUN]), NOW);
      };
      const before = await picture(lab.store);
      let cuts = 0;
      for (;;) {
        const asked = { count: 0 };
        const cut = act({ ...lab.store, sql: cutAfter(lab.store.sql, cuts + 1, asked) });
        const failed = await cut.then(
          () => false,
          (error: Error) => error.message === 'power cut',
        );
        if (!failed) break;
        cuts++;
        expect(await picture(lab.store)).toBe(before);
      }
      // It was cut where it works, and not only before.
      expect(cuts).toBeGreaterThanOrEqual(statements);
      await clean();
      await lapse();
    },
    60_000,
  );

  it('rows that died give their room back on PGlite, where no autovacuum runs', { timeout: 60_000 }, async () => {
    const fill = async (): Promise<number> => {
      await lab.store.sql.query(
        `insert into lab_tokens (name, role, hash, made_at)
         select 'n', 'viewer', decode(md5(random()::text), 'hex'), 1 from generate_series(1, 3000)`,
      );
      await lab.store.sql.query('delete from lab_tokens');
      const [row] = await lab.store.sql.query<{ bytes: number }>("select pg_table_size('lab_tokens') as bytes");
      return row?.bytes ?? 0;
    };
    if (lab.store.sql.kind === 'postgresql') {
      await fill();
      expect(await vacuumChanged(lab.store)).toEqual([]);
      return;
    }
    const once = await fill();
    expect(await vacuumChanged(lab.store)).toContain('public.lab_tokens');
    expect(await vacuumChanged(lab.store)).not.toContain('public.lab_tokens');
    expect(await fill()).toBe(once);
    // What a vacuum saves: the same again takes more without one.
    expect(await fill()).toBeGreaterThan(once);
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
