import { atMost } from '../../../store/at-most.ts';
import { StoreError } from '../../../store/store-error.ts';
import type { RefusalAnswer } from '../../../web/refusal.ts';
import { createWebServer, type WebServer, type WebServerOptions } from '../../../web/server.ts';
import { sweepApplications } from '../application-files.ts';
import { OpenIdRefusal } from '../openid/refusals.ts';
import { purgeExpired } from '../purge.ts';
import { IssuerRefusal } from '../refusals.ts';
import { addActivationRoutes } from './activation-routes.ts';
import { addApplicationRoutes } from './application-routes.ts';
import { forgetOldBlankCards } from './blank-cards.ts';
import type { IssuerHttp } from './issuer-http.ts';
import { addOperatorRoutes } from './operator-routes.ts';
import { addPhoneRoutes } from './phone-routes.ts';
import { addProfessionalRoutes } from './professional-routes.ts';
import { addPublicRoutes } from './public-routes.ts';
import { refuseRequest } from './request-refusals.ts';
import { forgetRequests } from './seen-requests.ts';

export type IssuerServerOptions = Omit<WebServerOptions, 'title' | 'refusalOf'>;

/** How often what is due is done: files destroyed, presences and contexts removed, requests forgotten, relays given up. */
const SWEEP_MS = 60_000;
const RELAY_SWEEP_MS = 5000;
/** For a sweep that is under way when the server ends. */
const END_MS = 1000;

/** The issuer's HTTP interface over its registry; it does not listen yet. @throws {CannotRun} */
export async function createIssuerServer(http: IssuerHttp, options: IssuerServerOptions): Promise<WebServer> {
  const server = await createWebServer({ ...options, title: 'Vitap test issuer', refusalOf });
  const { app } = server;
  addPublicRoutes(app, http);
  addApplicationRoutes(app, http);
  addActivationRoutes(app, http);
  addPhoneRoutes(app, http);
  addProfessionalRoutes(app, http);
  addOperatorRoutes(app, http);
  let ended = false;
  let sweeping: Promise<void> | null = null;
  const sweepAlone = (): void => {
    sweeping ??= sweep(http)
      // What the end of this server cuts is done by the next one.
      .catch((error: unknown) => (ended ? undefined : options.fault?.(error)))
      .finally(() => {
        sweeping = null;
      });
  };
  const sweeps = [
    setInterval(sweepAlone, SWEEP_MS).unref(),
    setInterval(() => http.relays.giveUp(http.now()), RELAY_SWEEP_MS).unref(),
  ];
  app.addHook('preClose', async () => {
    ended = true;
    for (const each of sweeps) clearInterval(each);
    http.relays.close();
    if (sweeping !== null) await atMost(END_MS, sweeping);
  });
  return server;
}

async function sweep({ store, now }: IssuerHttp): Promise<void> {
  await sweepApplications(store, now());
  await purgeExpired(store, now());
  await forgetRequests(store.sql, now());
  await forgetOldBlankCards(store.sql, now());
}

/** A database's errors that pass; the others are faults. */
const STORE_REFUSALS = { busy: 'store-busy', full: 'store-full', unreachable: 'store-unreachable' } as const;

function refusalOf(error: unknown): RefusalAnswer | null {
  if (error instanceof OpenIdRefusal) return error;
  if (error instanceof IssuerRefusal) {
    const { status, code, message, cure } = error;
    return { status, code, message: `${message}: ${cure}` };
  }
  if (!(error instanceof StoreError)) return null;
  const code = (STORE_REFUSALS as Readonly<Record<string, (typeof STORE_REFUSALS)[keyof typeof STORE_REFUSALS]>>)[
    error.kind
  ];
  return code === undefined ? null : refuseRequest(code);
}
