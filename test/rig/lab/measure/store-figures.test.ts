import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { idleOf } from '../../../../rig/lab/measure/idle.ts';
import { leasesBack } from '../../../../rig/lab/measure/kills.ts';
import { openSql } from '../../../../rig/store/open.ts';

/** Lengths of runs 1 to 7: 100, 200, … 700 ms. */
const REHEARSALS = { runs: 7, shortestMs: 100, longestMs: 700 };

it('readers are idle without a lease, and not at work beyond the time of their run', () => {
  const attempts = [
    // One reader: 100 ms of work in 150 ms; 50 ms nothing; 300 ms of work in 400 ms.
    { number: 1, startedAt: 1000, endedAt: 1150 },
    { number: 3, startedAt: 1200, endedAt: 1600 },
    // The other one: 200 ms of work in 200 ms, beginning 100 ms late; then the last run, which counts no more.
    { number: 2, startedAt: 1100, endedAt: 1300 },
    { number: 4, startedAt: 1600, endedAt: 2100 },
  ];
  const { waitedS, idleShare, notAtWorkShare } = idleOf(1000, attempts, { benches: 2, devices: 1 }, REHEARSALS);
  // Runs wait from 1000 to 1600: 1200 ms of two readers, 750 ms of them leased, 600 ms at work.
  expect(waitedS).toBeCloseTo(0.6);
  expect(idleShare).toBeCloseTo(1 - 750 / 1200);
  expect(notAtWorkShare).toBeCloseTo(1 - 600 / 1200);
});

it('leases are back from the kill of their own bench on, where they were given back', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-leases-back-'));
  const sql = await openSql(join(folder, 'store'));
  try {
    await sql.query('create table lab_attempts (bench text, state text, started_at int8, ended_at int8)');
    await sql.query(
      `insert into lab_attempts values
        ('b0', 'finished', 10, 900), ('b0', 'given-back', 500, 7000), ('b0', 'late', 600, 6500),
        ('b0', 'finished', 700, 8000), ('b0', 'given-back', 2000, 9000), ('b1', 'given-back', 500, 7100)`,
    );
    // The database's clock is 500 ms ahead: the kill at 500 is one at 1000 there.
    const kills = [
      { victim: 'server-0', kind: 'server', at: 100 },
      { victim: 'b0', kind: 'bench', at: 500 },
    ] as const;
    expect(await leasesBack(sql, kills, 500)).toEqual([5500, 6000]);
  } finally {
    await sql.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
