import { StoreError } from '../../store/store-error.ts';
import type { RefusalAnswer } from '../../web/refusal.ts';
import { createWebServer, type WebServer, type WebServerOptions } from '../../web/server.ts';
import { quarantineDrifting } from '../store/benches.ts';
import { endCampaigns } from '../store/campaigns.ts';
import { addUpCounts } from '../store/counts.ts';
import { giveBackExpired, LEASE_SECONDS } from '../store/leases.ts';
import { LabRefusal, type LabRefusalCode } from '../store/refusals.ts';
import type { LabStore } from '../store/store.ts';
import { vacuumChanged } from '../store/vacuum.ts';
import { addBenchRoutes } from './bench-routes.ts';
import { addBlobRoutes } from './blob-routes.ts';
import { ChangeBell } from './change-bell.ts';
import { addCompareRoute } from './compare-routes.ts';
import { EventReaders } from './event-readers.ts';
import { addEventRoutes } from './event-routes.ts';
import { addPersonRoutes } from './person-routes.ts';
import { addPoolRoutes } from './pool-routes.ts';
import { reportSecurity } from './report-security.ts';
import { checkRoles } from './roles.ts';
import { WaitingBenches } from './waiting-benches.ts';

export type LabServerOptions = Omit<WebServerOptions, 'title' | 'refusalOf'>;

/** Fifty benches behind one address, each asking several times a second. */
const REQUESTS = 20_000;
/** For an upload on a slow line. */
const REQUEST_MS = 120_000;

/**
 * The lab's HTTP interface over its store; it does not listen yet. Several may stand on one database: they hold nothing
 * but questions that wait. @throws {CannotRun}
 */
export async function createLabServer(store: LabStore, options: LabServerOptions): Promise<WebServer> {
  const fault = options.fault ?? (() => {});
  const server = await createWebServer({
    ...options,
    title: 'Vitap lab',
    refusalOf,
    contentSecurity: reportSecurity(),
    limits: { requests: REQUESTS, requestMs: REQUEST_MS, ...options.limits },
  });
  const waiting = new WaitingBenches(store, fault);
  const forgetTokens = checkRoles(server.app, store, server.secret);
  addBenchRoutes(server.app, store, waiting);
  addBlobRoutes(server.app, store);
  addPersonRoutes(server.app, store, waiting, () => {
    forgetTokens();
    waiting.wake();
  });
  addCompareRoute(server.app, store);
  await addPoolRoutes(server.app, store, waiting);
  const bell = new ChangeBell(store);
  const readers = new EventReaders(store, bell, fault);
  addEventRoutes(server.app, readers, bell);
  const upkeep = startUpkeep(store, waiting, bell, fault);
  server.app.addHook('preClose', async () => {
    waiting.close();
    await readers.close();
    await bell.close();
    await upkeep.stop();
  });
  return server;
}

const UPKEEP_MS = 1000;
const DRIFT_MS = 30_000;
const VACUUM_MS = 60_000;
/** A thread that was held for longer may have heartbeats that nobody has read yet. */
const HELD_MS = 1000;

/**
 * Adds up counts, gives leases back, notes the ends of campaigns, puts drifting benches into quarantine, and vacuums a PGlite.
 * Every server does it; rows that one has are passed over by the others. After a start, and after the database was away or
 * held this thread, it waits for one lease's time: benches that live could not be heard.
 */
function startUpkeep(
  store: LabStore,
  waiting: WaitingBenches,
  bell: ChangeBell,
  fault: (error: unknown) => void,
): { stop(): Promise<void> } {
  let from = performance.now() + LEASE_SECONDS * 1000;
  let driftAt = performance.now() + DRIFT_MS;
  let vacuumAt = performance.now() + VACUUM_MS;
  let working: Promise<void> | null = null;
  /** What the database could not do last, which is said once. */
  let trouble: string | null = null;
  const work = async (): Promise<void> => {
    try {
      await addUpCounts(store);
      trouble = null;
      if (performance.now() >= vacuumAt) {
        const start = performance.now();
        await vacuumChanged(store);
        if (performance.now() - start > HELD_MS) from = performance.now() + LEASE_SECONDS * 1000;
        vacuumAt = performance.now() + VACUUM_MS;
      }
      if (performance.now() < from) return;
      const givenBack = await giveBackExpired(store);
      if (givenBack > 0) waiting.wake();
      if (givenBack + (await endCampaigns(store)) > 0) bell.ring();
      if (performance.now() < driftAt) return;
      driftAt = performance.now() + DRIFT_MS;
      if ((await quarantineDrifting(store)).length > 0) bell.ring();
    } catch (error) {
      if (!(error instanceof StoreError)) return fault(error);
      if (error.kind === 'unreachable') from = performance.now() + LEASE_SECONDS * 1000;
      if (error.kind !== 'busy' && error.kind !== trouble) fault(error);
      trouble = error.kind;
    }
  };
  const timer = setInterval(() => {
    working ??= work().finally(() => {
      working = null;
    });
  }, UPKEEP_MS).unref();
  return {
    async stop() {
      clearInterval(timer);
      await working;
    },
  };
}

/** A database's errors that pass; the others are faults. */
const STORE_REFUSALS: Readonly<Record<string, LabRefusalCode>> = {
  busy: 'store-busy',
  denied: 'store-denied',
  full: 'store-full',
  unreachable: 'store-unreachable',
};

function refusalOf(error: unknown): RefusalAnswer | null {
  if (error instanceof LabRefusal) return error;
  const code = error instanceof StoreError ? STORE_REFUSALS[error.kind] : undefined;
  return code === undefined ? null : new LabRefusal(code);
}
