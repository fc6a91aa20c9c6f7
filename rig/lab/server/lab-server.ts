import { atMost } from '../../store/at-most.ts';
import { StoreError } from '../../store/store-error.ts';
import type { RefusalAnswer } from '../../web/refusal.ts';
import { createWebServer, type WebServer, type WebServerOptions } from '../../web/server.ts';
import { LAB_REFUSALS, LabRefusal, type LabRefusalCode } from '../store/refusals.ts';
import type { LabStore } from '../store/store.ts';
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
import { Upkeep } from './upkeep.ts';
import { WaitingBenches } from './waiting-benches.ts';

export type LabServerOptions = Omit<WebServerOptions, 'title' | 'refusalOf' | 'refusals'>;

/** Fifty benches behind one address, each asking several times a second. */
const REQUESTS = 20_000;
/** For an upload on a slow line. */
const REQUEST_MS = 120_000;
/** For what is asked of the database when the server ends. */
const END_MS = 1000;

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
    refusals: Object.keys(LAB_REFUSALS),
    contentSecurity: reportSecurity(),
    limits: { requests: REQUESTS, requestMs: REQUEST_MS, ...options.limits },
  });
  const waiting = new WaitingBenches(store, fault);
  const bell = new ChangeBell(store);
  const upkeep = new Upkeep(store, waiting, bell, fault);
  const forgetTokens = checkRoles(server.app, store, server.secret);
  addBenchRoutes(server.app, store, { waiting, unheard: () => upkeep.putOff() });
  addBlobRoutes(server.app, store);
  addPersonRoutes(server.app, store, waiting, () => {
    forgetTokens();
    waiting.wake();
  });
  addCompareRoute(server.app, store);
  await addPoolRoutes(server.app, store, waiting);
  const readers = new EventReaders(store, bell, fault);
  addEventRoutes(server.app, readers, bell);
  server.app.addHook('preClose', async () => {
    waiting.close();
    await atMost(END_MS, Promise.all([readers.close(), bell.close(), upkeep.end()]));
  });
  return server;
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
