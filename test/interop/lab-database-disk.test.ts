import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { TakenRun } from '../../rig/lab/api/bench.ts';
import { type BenchLink, benchLink } from '../../rig/lab/api/bench-link.ts';
import type { LabRefused } from '../../rig/lab/api/lab-refused.ts';
import { type PersonLink, personLink } from '../../rig/lab/api/person-link.ts';
import { createLabServer } from '../../rig/lab/server/lab-server.ts';
import { type LabStore, openLabStore } from '../../rig/lab/store/store.ts';
import { addToken } from '../../rig/lab/store/tokens.ts';
import type { WebServer } from '../../rig/web/server.ts';
import { LOOPBACK, newKey, RUN, signed, statementFor, testKey } from '../rig/lab/store/lab-in-test.ts';
import { type PostgresqlServer, startPostgresqlOn } from './postgresql.ts';
import { describeNeeds } from './real-parts.ts';

const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
const LIMIT_MS = 120_000;

describeNeeds(
  ['postgresql'],
  `a lab whose PostgreSQL has a full disk${mayMount ? '' : ' (needs the right to mount)'}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-full-'));
    const disk = mkdtempSync(join(tmpdir(), 'vitap-full-disk-'));
    const key = testKey();
    let database: PostgresqlServer;
    let store: LabStore;
    let server: WebServer;
    let bench: BenchLink;
    let operator: PersonLink;

    beforeAll(async () => {
      if (!mayMount) return;
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=120m', 'tmpfs', disk]);
      database = await startPostgresqlOn(disk, 'min_wal_size=2MB', 'max_wal_size=4MB', 'fsync=off');
      const url = database.database('lab');
      store = await openLabStore({ folder, url, now: Date.now(), fault: () => {} });
      const [benchToken, operatorToken] = [await addToken(store, 'b', 'bench'), await addToken(store, 'o', 'operator')];
      server = await createLabServer(store, { host: '127.0.0.1', port: 0, tls: null, version: '0', log: () => {} });
      const { origin } = await server.listen();
      bench = benchLink({ origin, token: benchToken });
      operator = personLink({ origin, token: operatorToken });
      await bench.enrol({ name: 'b1', publicKey: key.publicKey, interface: 1, version: '0.1.0' });
    }, LIMIT_MS);
    afterAll(async () => {
      await server?.close();
      await store?.close();
      await database?.stop();
      if (mayMount) spawnSync('umount', ['-l', disk]);
      for (const each of [folder, disk]) rmSync(each, { recursive: true, force: true });
    });

    const beat = (attempts: readonly string[] = []) =>
      bench.heartbeat({ bench: 'b1', clock: 0, devices: [LOOPBACK], attempts, drift: null, spooled: 0 });
    async function take(): Promise<TakenRun> {
      await beat();
      await operator.submit({ name: 'n', source: '', runs: [RUN], dryRun: false, attempts: 3, key: newKey() });
      return (await bench.take({ bench: 'b1', free: ['loopback'], waitSeconds: 5 })) as TakenRun;
    }
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
      operator.submit({
        ...{ name: 'large', source: 'x'.repeat(200_000), dryRun: false, attempts: 3, key: newKey() },
        runs: Array.from({ length: 1000 }, (_, at) => ({ ...RUN, subject: `s${place}`, repetition: at + 1 })),
      });

    it.skipIf(!mayMount)(
      'keeps a bench waiting with its result, gives its lease to nobody, and goes on when there is room',
      { timeout: LIMIT_MS },
      async () => {
        const taken = await take();
        const jws = await signed(statementFor('b1', taken), key);
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
          await refused(beat([taken.attempt]));
          await sleep(1000);
        }
        rmSync(join(disk, 'filler'));
        if (database.hasEnded()) await database.crash();
        await vi.waitFor(async () => expect((await beat([taken.attempt])).gone).toEqual([]), {
          timeout: 60_000,
          interval: 200,
        });
        await bench.record(taken.attempt, jws);
        expect((await operator.run(taken.run)).attempts).toMatchObject([{ number: 1, state: 'finished' }]);
        expect(await operator.check()).toMatchObject({ lost: [], doubled: [], stranded: [], miscounted: [] });
      },
    );
  },
);
