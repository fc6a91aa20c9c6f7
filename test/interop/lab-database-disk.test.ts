import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { LabRefused } from '../../rig/lab/api/lab-refused.ts';
import { newKey, RUN } from '../rig/lab/store/lab-in-test.ts';
import { type LabOnDatabase, openLab } from './lab-on-database.ts';
import { type PostgresqlServer, startPostgresqlOn } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
const LIMIT_MS = 120_000;

describeNeeds(
  ['postgresql'],
  `a lab whose PostgreSQL has a full disk${mayMount ? '' : ' (needs the right to mount)'}`,
  () => {
    const disk = mkdtempSync(join(tmpdir(), 'vitap-full-disk-'));
    let database: PostgresqlServer;
    let lab: LabOnDatabase;

    beforeAll(async () => {
      if (!mayMount) return;
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=120m', 'tmpfs', disk]);
      database = await startPostgresqlOn(disk, 'min_wal_size=2MB', 'max_wal_size=4MB', 'fsync=off');
      lab = await openLab(database.database('lab'));
    }, LIMIT_MS);
    afterAll(async () => {
      await lab?.close();
      await database?.stop();
      if (mayMount) spawnSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true, force: true });
    });

    /** Takes all room that is left, as another program's log does. */
    function fill(): void {
      const file = openSync(join(disk, 'filler'), 'w');
      try {
        for (const bytes of [1_048_576, 4096]) {
          try {
            for (;;) writeSync(file, Buffer.alloc(bytes));
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          }
        }
        expect(fstatSync(file).size).toBeGreaterThan(0);
      } finally {
        closeSync(file);
      }
    }
    const large = (place: number) =>
      lab.operator.submit({
        ...{ name: 'large', source: 'x'.repeat(200_000), dryRun: false, attempts: 3, key: newKey() },
        runs: Array.from({ length: 1000 }, (_, at) => ({ ...RUN, subject: `s${place}`, repetition: at + 1 })),
      });

    it.skipIf(!mayMount)(
      'keeps a bench waiting with its result, gives its lease to nobody, and goes on when there is room',
      { timeout: LIMIT_MS },
      async () => {
        const taken = await lab.take();
        const jws = await lab.passed(taken);
        fill();
        const codes = new Set<string>();
        const refused = async (asked: Promise<unknown>): Promise<boolean> =>
          asked.then(
            () => false,
            ({ status, code }: LabRefused) => {
              expect(status).toBe(503);
              codes.add(code);
              return true;
            },
          );
        for (let place = 0; !(await refused(large(place))); place++) expect(place).toBeLessThan(50);
        expect([...codes]).toEqual(['store-full']);
        // Longer than a lease lives.
        for (let seconds = 0; seconds < 8; seconds++) {
          await refused(large(100 + seconds));
          await refused(lab.beat([taken.attempt]));
          await sleep(1000);
        }
        rmSync(join(disk, 'filler'));
        if (database.hasEnded()) await database.crash();
        await vi.waitFor(async () => expect((await lab.beat([taken.attempt])).gone).toEqual([]), {
          timeout: 60_000,
          interval: 200,
        });
        await lab.bench.record(taken.attempt, jws);
        expect((await lab.operator.run(taken.run)).attempts).toMatchObject([{ number: 1, state: 'finished' }]);
        expect(await lab.operator.check()).toMatchObject({ lost: [], doubled: [], stranded: [], miscounted: [] });
      },
    );
  },
);
