import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { campaignMatrix, listCampaigns } from '../../../../rig/lab/store/campaigns.ts';
import { checkStore } from '../../../../rig/lab/store/check.ts';
import { LAB_TABLES } from '../../../../rig/lab/store/migrations.ts';
import { openLabStore } from '../../../../rig/lab/store/store.ts';
import { migrate } from '../../../../rig/store/migrate.ts';
import { openSql } from '../../../../rig/store/open.ts';

const NOW = 1_764_000_000_000;
const HASH = 'ab'.repeat(32);

it('a lab of the first tables is brought up to now: its runs are counted, its inputs known', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-migrations-'));
  try {
    const old = await openSql(join(folder, 'store'));
    await migrate(old, { ...LAB_TABLES, migrations: LAB_TABLES.migrations.slice(0, 1) }, NOW);
    await old.query(
      `insert into lab_campaigns (key, content_hash, name, source, attempts, submitted_at, ended_at, counts)
       values ('k', '', 'old', '', 3, 1, 2, '{"counts":{},"retries":0}')`,
    );
    await old.query(`insert into lab_requirements (hash, body) values ('', '{}')`);
    // Runs 1 to 6 of two subjects; 2 and 4 cancelled, 6 with a second attempt.
    await old.query(
      `insert into lab_runs (id, campaign_id, number, subject, suite, repetition, requirement_id, work, inputs, limit_seconds,
         state, attempts, changed_at, ended_at)
       select gen_random_uuid(), 1, n, case when n < 3 then 'blue' else 'red' end, 'tap', 1, 1, '{}',
         '[{"name":"a.img","sha256":"${HASH}"}]', 60, case when n in (2, 4) then 'cancelled' else 'passed' end,
         case when n = 6 then 2 else 1 end, n, n
       from generate_series(1, 6) n`,
    );
    await old.query(
      'insert into lab_results (run_id, verdict, reason, recorded_at) select id, state, $1, 1 from lab_runs',
      [''],
    );
    await old.close();
    const store = await openLabStore({ folder, url: null, now: NOW, fault: () => {} });
    try {
      const { cells } = await campaignMatrix(store, 1);
      expect(cells.map(({ subject, passed, cancelled }) => [subject, passed, cancelled])).toEqual([
        ['blue', 1, 1],
        ['red', 3, 1],
      ]);
      expect((await listCampaigns(store)).campaigns).toMatchObject([
        { id: 1, endedAt: 2, counts: { passed: 4, cancelled: 2, queued: 0 }, retries: 1 },
      ]);
      expect(await store.sql.query('select campaign_id as campaign, sha256 from lab_inputs')).toEqual([
        { campaign: 1, sha256: HASH },
      ]);
      expect(await checkStore(store)).toMatchObject({ runs: 6, results: 6, lost: [], miscounted: [] });
    } finally {
      await store.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
