import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { WebRefusal } from '../../../web/refusal.ts';
import type { WebApp } from '../../../web/server.ts';
import { NOTHING } from '../../api/wire.ts';
import { decideApplication, REFUSAL_REASONS, waitingApplications } from '../application.ts';
import { APPLICATION_FILES, applicationFile } from '../application-files.ts';
import { revoke } from '../loss.ts';
import { listActivations, type RegistryCounts, registryCounts } from '../registry-counts.ts';
import { changeRollout, openDepartments } from '../rollout.ts';
import { FAULT_NAMES, FAULTS } from './faults.ts';
import type { IssuerHttp } from './issuer-http.ts';
import { ID_IN_PATH } from './phone-routes.ts';
import { revokedTerminals, revokeTerminal } from './revoked-terminals.ts';

const tags = ['operator'];
const time = z.int().describe('milliseconds since 1970');

const APPLICATIONS = z.object({
  applications: z.array(z.object({ id: z.string(), receivedAt: time, destroyBy: time })),
});
const DECISION = z.strictObject({ refuse: z.enum(REFUSAL_REASONS).nullable().describe('null: accepted') });
const FILE_IN_PATH = z.object({ id: z.string().regex(/^app_[0-9a-f]{32}$/), file: z.enum(APPLICATION_FILES) });
const ROLLOUT = z.object({ departments: z.array(z.object({ department: z.string(), openedAt: time })) });
const CHANGE = z.strictObject({
  departments: z
    .array(z.string().regex(/^(\*|[0-9AB]{2,3})$/))
    .min(1)
    .max(110),
  open: z.boolean(),
});
const CHANGED = z.object({ changed: z.array(z.string()) });
const MOST_LISTED = 20;
/** Without the name and the NIR that the registry has beside it. */
const ACTIVATIONS = z.object({
  activations: z.array(
    z.object({
      id: z.string(),
      number: z.int(),
      state: z.enum(['pending', 'active', 'revoked', 'abandoned']),
      since: time,
      reason: z.enum(['replaced', 'lost', 'operator']).nullable(),
      wipe: z.enum(['queued', 'done']).nullable(),
    }),
  ),
});
const REVOKE = z.strictObject({ why: z.enum(['lost', 'operator']) });
const REVOKED = z.object({ since: time, why: z.enum(['replaced', 'lost', 'operator']) });
const HOLDER_IN_PATH = z.object({ holder: z.string().regex(/^[A-Z]{2}[0-9A-Za-z]{1,9}[0-9A-Za-z]{5}$/) });
const TERMINALS = z.object({ terminals: z.array(z.object({ holder: z.string(), revokedAt: time })) });
const count = z.int().min(0);
const COUNTS: z.ZodType<RegistryCounts> = z.object({
  insured: count,
  activations: z.object({ pending: count, active: count, revoked: count, abandoned: count }),
  wipesQueued: count,
  contexts: count,
  claims: count,
  applicationsWaiting: count,
  auditLines: count,
});
const FAULT_IN_PATH = z.object({ name: z.enum(FAULT_NAMES) });
const FAULT_ORDER = z.strictObject({
  value: z.int().min(0).max(999_999_999).exactOptional(),
  times: z.int().min(1).max(999_999).exactOptional(),
});
const ORDERED = z.object({
  faults: z.array(z.object({ name: z.enum(FAULT_NAMES), value: z.int(), times: z.int().nullable() })),
});

/** For the operator of the issuer, with the secret of this start. */
export function addOperatorRoutes(app: WebApp, http: IssuerHttp): void {
  addStatus(app, http);
  addReview(app, http);
  addRollout(app, http);
  addActivations(app, http);
  addRevocation(app, http);
  addFaults(app, http);
}

function addStatus(app: WebApp, { store, now }: IssuerHttp): void {
  app.get(
    '/v1/operator/status',
    { schema: { tags, summary: 'How much of what is in the registry', response: { 200: COUNTS } } },
    () => registryCounts(store, now()),
  );
}

function addReview(app: WebApp, { store, now }: IssuerHttp): void {
  app.get(
    '/v1/operator/applications',
    { schema: { tags, summary: 'Those that wait, the oldest first', response: { 200: APPLICATIONS } } },
    async () => ({ applications: [...(await waitingApplications(store, now()))] }),
  );

  app.get(
    '/v1/operator/applications/:id/files/:file',
    { schema: { tags, summary: 'A picture or video, as it came', params: FILE_IN_PATH } },
    async ({ params: { id, file } }, reply) => {
      const waiting = (await waitingApplications(store, now())).some((each) => each.id === id);
      if (!waiting) throw new WebRefusal('application-unknown', 'no such application waits', 404);
      try {
        return reply.type('application/octet-stream').send(readFileSync(applicationFile(store, id, file)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        throw new WebRefusal('application-unknown', 'this application has no such file', 404);
      }
    },
  );

  app.post(
    '/v1/operator/applications/:id/decision',
    {
      schema: {
        tags,
        summary: 'Accepts or refuses; the files are destroyed',
        params: ID_IN_PATH,
        body: DECISION,
        response: { 200: NOTHING },
      },
    },
    async ({ params: { id }, body: { refuse } }) => {
      await decideApplication(store, { id, refuse, now: now() });
      return {};
    },
  );
}

function addRollout(app: WebApp, { store, now }: IssuerHttp): void {
  app.get(
    '/v1/operator/rollout',
    { schema: { tags, summary: 'Departments that are open', response: { 200: ROLLOUT } } },
    async () => ({ departments: [...(await openDepartments(store))] }),
  );
  app.post(
    '/v1/operator/rollout',
    { schema: { tags, summary: 'Opens or closes departments', body: CHANGE, response: { 200: CHANGED } } },
    async ({ body }) => ({ changed: [...(await changeRollout(store, { ...body, now: now() }))] }),
  );
}

function addActivations(app: WebApp, { store, allowOffer }: IssuerHttp): void {
  app.get(
    '/v1/operator/activations',
    { schema: { tags, summary: 'The newest activations; nobody is named', response: { 200: ACTIVATIONS } } },
    async () => ({ activations: [...(await listActivations(store, { nir: null, most: MOST_LISTED }))] }),
  );
  app.post(
    '/v1/operator/activations/:id/offer',
    {
      schema: {
        tags,
        summary: 'Lets the phone ask for one more offer of its credential, whatever it asked for before',
        params: ID_IN_PATH,
        response: { 200: z.object({ until: time }) },
      },
    },
    async ({ params: { id } }) => ({ until: await allowOffer(id) }),
  );
}

function addRevocation(app: WebApp, { store, now }: IssuerHttp): void {
  app.post(
    '/v1/operator/activations/:id/revoke',
    { schema: { tags, summary: 'Ends a card', params: ID_IN_PATH, body: REVOKE, response: { 200: REVOKED } } },
    async ({ params: { id: activationId }, body: { why } }) => revoke(store, { activationId, why, now: now() }),
  );
  app.get(
    '/v1/operator/terminals',
    { schema: { tags, summary: 'Terminals that were revoked', response: { 200: TERMINALS } } },
    async () => ({ terminals: [...(await revokedTerminals(store.sql))] }),
  );
  app.post(
    '/v1/operator/terminals/:holder/revoke',
    {
      schema: {
        tags,
        summary: 'Revokes a terminal, or a document verifier with all below it',
        params: HOLDER_IN_PATH,
        response: { 200: NOTHING },
      },
    },
    async ({ params: { holder } }) => {
      await revokeTerminal(store.sql, holder, now());
      return {};
    },
  );
}

function addFaults(app: WebApp, { faults }: IssuerHttp): void {
  const list = (): z.output<typeof ORDERED> => ({ faults: [...faults.list()] });
  app.get(
    '/v1/operator/faults',
    { schema: { tags, summary: 'Faults that are ordered', response: { 200: ORDERED } } },
    async () => list(),
  );
  app.put(
    '/v1/operator/faults/:name',
    {
      schema: { tags, summary: 'Orders a fault', params: FAULT_IN_PATH, body: FAULT_ORDER, response: { 200: ORDERED } },
    },
    async ({ params: { name }, body: { value, times = null } }) => {
      const row = FAULTS[name].value;
      if (value !== undefined && row === null)
        throw new WebRefusal('request-malformed', `the fault ${name} takes no value`);
      faults.order({ name, value: value ?? row?.standard ?? 0, times });
      return list();
    },
  );
  app.delete(
    '/v1/operator/faults/:name',
    { schema: { tags, summary: 'Takes a fault back', params: FAULT_IN_PATH, response: { 200: ORDERED } } },
    async ({ params: { name } }) => {
      faults.cancel(name);
      return list();
    },
  );
}
