import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HeartbeatAnswer, TakenRun } from '../../rig/lab/api/bench.ts';
import { type BenchLink, benchLink } from '../../rig/lab/api/bench-link.ts';
import { type PersonLink, personLink } from '../../rig/lab/api/person-link.ts';
import { createLabServer } from '../../rig/lab/server/lab-server.ts';
import { type LabStore, openLabStore } from '../../rig/lab/store/store.ts';
import { addToken } from '../../rig/lab/store/tokens.ts';
import type { WebLimits, WebServer } from '../../rig/web/server.ts';
import { LOOPBACK, newKey, RUN, signed, statementFor, testKey } from '../rig/lab/store/lab-in-test.ts';

const BENCH = 'b1';

/** A lab on a database, with its server in this process, one bench that has enrolled, and one operator. */
export interface LabOnDatabase {
  /** Of the server. */
  readonly folder: string;
  readonly bench: BenchLink;
  readonly operator: PersonLink;
  /** A heartbeat of the bench. @param attempts whose leases it asks for */
  beat(attempts?: readonly string[]): Promise<HeartbeatAnswer>;
  /** The operator submits a run, and the bench takes it. */
  take(): Promise<TakenRun>;
  /** What the bench signs when the run has passed. */
  passed(taken: TakenRun): Promise<string>;
  /** Ends the server; the database goes on. */
  close(): Promise<void>;
}

/** @param url of the database */
export async function openLab(url: string, limits: Partial<WebLimits> = {}): Promise<LabOnDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-lab-database-'));
  const store = await openLabStore({ folder, url, now: Date.now(), fault: () => {} });
  const tokens = { bench: await addToken(store, 'b', 'bench'), operator: await addToken(store, 'o', 'operator') };
  const server = await labServer(store, limits);
  const { origin } = await server.listen();
  const bench = benchLink({ origin, token: tokens.bench });
  const operator = personLink({ origin, token: tokens.operator });
  const key = testKey();
  await bench.enrol({ name: BENCH, publicKey: key.publicKey, interface: 1, version: '0.1.0' });

  const beat = (attempts: readonly string[] = []): Promise<HeartbeatAnswer> =>
    bench.heartbeat({ bench: BENCH, clock: 0, devices: [LOOPBACK], attempts, drift: null, spooled: 0 });
  return {
    ...{ folder, bench, operator, beat },
    async take() {
      await beat();
      await operator.submit({ name: 'n', source: '', runs: [RUN], dryRun: false, attempts: 3, key: newKey() });
      return (await bench.take({ bench: BENCH, free: ['loopback'], waitSeconds: 5 })) as TakenRun;
    },
    passed: (taken) => signed(statementFor(BENCH, taken), key),
    async close() {
      await server.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** At a free port of this machine. */
export function labServer(store: LabStore, limits: Partial<WebLimits> = {}): Promise<WebServer> {
  return createLabServer(store, { host: '127.0.0.1', port: 0, tls: null, version: '0', log: () => {}, limits });
}
