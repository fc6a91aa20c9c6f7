import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KillRun, killRun } from './lab-kill-run.ts';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

/** `VITAP_LAB_KILLS=50,10000,120` runs that many benches, runs and kills, with rehearsals of 1 to 60 s; hours. */
const [benches, runs, kills] = (process.env.VITAP_LAB_KILLS ?? '').split(',').map(Number);
const SMALL: KillRun = {
  ...{ benches: 5, slots: 4, runs: 300, shortestMs: 50, longestMs: 550, kills: 6, everyMs: 1200 },
};
const LARGE: KillRun = {
  ...{ benches: benches ?? 0, slots: 8, runs: runs ?? 0, shortestMs: 1000, longestMs: 60_000 },
  ...{ kills: kills ?? 0, everyMs: 30_000 },
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

  it(
    'loses no run and writes no verdict twice, by what the store says',
    async () => {
      const size = kills === undefined ? SMALL : LARGE;
      const { link, campaign, killed, end } = await killRun(size, database, folder);
      try {
        expect(await link.check()).toEqual({
          ...{ runs: size.runs, results: size.runs, lost: [], doubled: [], stranded: [], miscounted: [] },
        });
        expect((await link.matrix(campaign)).campaign.counts).toEqual({
          ...{ queued: 0, running: 0, passed: size.runs, failed: 0, error: 0, cancelled: 0 },
        });
        // Each attempt that was under way at a kill has come back: nothing is left running.
        const left = database.psql('kills', "select count(*) from lab_attempts where state = 'running'");
        expect([left, database.psql('kills', 'select count(*) from lab_leases')]).toEqual(['0', '0']);
        expect(killed).toHaveLength(Math.ceil(size.kills / 3));
        const tried = database.psql('kills', "select count(*) from lab_attempts where state in ('given-back', 'late')");
        console.info(`attempts that did not finish: ${tried}`);
        if (size === LARGE) for (const { name, at } of killed) console.info(backWithin(name, at));
      } finally {
        await end();
      }
    },
    kills === undefined ? 240_000 : 86_400_000,
  );

  /** How long the leases of a killed bench took to come back. */
  function backWithin(bench: string, at: number): string {
    const longest = database.psql(
      'kills',
      `select coalesce(max(ended_at - ${at}), 0) from lab_attempts where bench = '${bench}'
       and state in ('given-back', 'late') and started_at < ${at} and ended_at between ${at} and ${at} + 29000`,
    );
    return `${bench}: leases back within ${longest} ms`;
  }
});
