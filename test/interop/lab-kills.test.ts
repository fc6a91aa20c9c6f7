import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KillRun, killRun } from '../../rig/lab/measure/kill-run.ts';
import { leasesBack } from '../../rig/lab/measure/kills.ts';
import { openSql } from '../../rig/store/open.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

/** `vitap bench lab --part kills --full` is the same with the figures of a certification lab. */
const SIZE: KillRun = {
  ...{ servers: 2, benches: 5, devices: 4, runs: 300, shortestMs: 50, longestMs: 550 },
  ...{ kills: 6, everyMs: 1200, limitMs: 200_000 },
};

describeNeeds(['postgresql'], 'a lab of which every part is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-kills-'));
  let database: PostgresqlServer;
  beforeAll(async () => {
    database = await startPostgresql();
  }, 60_000);
  afterAll(async () => {
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses no run and writes no verdict twice, by what the store says', { timeout: 240_000 }, async () => {
    const url = database.database('kills');
    const { link, campaign, kills, end } = await killRun(SIZE, {
      ...{ folder, store: url, env: process.env, signal: new AbortController().signal, say: () => {} },
      crashStore: () => database.crash(),
    });
    try {
      expect(await link.check()).toEqual({
        ...{ runs: SIZE.runs, results: SIZE.runs, lost: [], doubled: [], stranded: [], miscounted: [] },
      });
      expect((await link.matrix(campaign)).campaign.counts).toEqual({
        ...{ queued: 0, running: 0, passed: SIZE.runs, failed: 0, error: 0, cancelled: 0 },
      });
      // Each attempt that was under way at a kill has come back: nothing is left running.
      const left = database.psql('kills', "select count(*) from lab_attempts where state = 'running'");
      expect([left, database.psql('kills', 'select count(*) from lab_leases')]).toEqual(['0', '0']);
      expect(kills.map(({ victim }) => victim)).toEqual(['b0', 'server-0', 'database', 'b1', 'server-1', 'database']);
      const sql = await openSql(url);
      try {
        const back = await leasesBack(sql, kills, 0);
        const given = database.psql(
          'kills',
          "select count(*) from lab_attempts where state in ('given-back', 'late') and bench in ('b0', 'b1')",
        );
        expect(back.length).toBeLessThanOrEqual(Number(given));
        expect(back.every((ms) => ms > 0)).toBe(true);
      } finally {
        await sql.close();
      }
    } finally {
      await end();
    }
  });
});
