import * as z from 'zod';
import type { WebApp } from '../../web/server.ts';
import type {
  ActivationAnswer,
  ActivationRequest,
  ChangeCodeRequest,
  CodeRequest,
  CredentialRequest,
  IdentityAnswer,
  NewCodeRequest,
  PhoneView,
  QrRequest,
  ShownInvoice,
  ShownQr,
  SyncRequest,
  UnblockRequest,
} from '../pages/phone/view.ts';
import { addDelegationRoutes, type DelegationActs } from './delegation-routes.ts';

/** What the page of the phone can ask for. Each act that needs the code gets it, uses it once and keeps it nowhere. */
export interface PhoneActs extends DelegationActs {
  view(): Promise<PhoneView>;
  /** Begins, or goes on; the answer comes when a code is to be chosen, or at the end. */
  activate(request: ActivationRequest): Promise<ActivationAnswer>;
  chooseCode(request: NewCodeRequest): Promise<ActivationAnswer>;
  /** Leaves an activation that waits for a code. */
  leaveActivation(): Promise<void>;
  /** Has the issuer ask for the person's identity. @param page origin at which the browser comes back */
  askIdentity(page: string): Promise<void>;
  identityAnswered(answer: IdentityAnswer): Promise<void>;
  forgetIdentity(): Promise<void>;
  /** Opens the window for one reader. */
  openWindow(request: CodeRequest): Promise<void>;
  closeWindow(): Promise<void>;
  qr(request: QrRequest): Promise<ShownQr>;
  invoices(request: CodeRequest): Promise<readonly ShownInvoice[]>;
  changeCode(request: ChangeCodeRequest): Promise<void>;
  unblock(request: UnblockRequest): Promise<void>;
  sync(request: SyncRequest): Promise<void>;
  /** The PUK, while nobody has noted it; null: somebody has. */
  puk(request: CodeRequest): Promise<string | null>;
  pukNoted(): Promise<void>;
  anotherOffer(): Promise<void>;
  /** Gets the credential that the issuer has offered, or a new one. */
  credential(request: CredentialRequest): Promise<void>;
}

const code = z.string().regex(/^\d{6}$/);
const ms = z.int().min(0);
const instant = z.iso.datetime().nullable();

const VIEW: z.ZodType<PhoneView> = z.strictObject({
  life: z.enum(['blank', 'pending', 'active', 'revoked', 'wiped']),
  antenna: z.boolean(),
  triesLeft: z.int().min(0).nullable(),
  pukDue: z.boolean(),
  window: z
    .strictObject({ remainingMs: ms, wholeMs: ms, uses: z.int().min(0), can: z.string().regex(/^\d{6}$/) })
    .nullable(),
  syncedAt: instant,
  endedBecause: z.enum(['replaced', 'lost', 'operator', 'wiped here']).nullable(),
  activation: z.enum(['none', 'working', 'code']),
  identity: z
    .strictObject({
      provider: z.string(),
      at: z.enum(['none', 'asked', 'presented', 'refused']),
      address: z.string().nullable(),
      remainingMs: ms,
      wholeMs: ms,
    })
    .nullable(),
  credential: z.strictObject({ state: z.enum(['none', 'offered', 'current', 'due']), expiresAt: instant }).nullable(),
});

const QR: z.ZodType<ShownQr> = z.strictObject({
  kind: z.enum(['presence', 'offline']),
  size: z.int().min(21).max(177),
  rows: z.array(z.string().regex(/^[01]+$/)),
  remainingMs: ms,
  wholeMs: ms,
});

const cents = z.int().min(0);
const INVOICES = z.strictObject({
  invoices: z.array(
    z.strictObject({
      date: z.string(),
      professional: z.string(),
      beneficiaryIndex: z.int(),
      total: cents,
      amo: cents,
      amc: cents,
      patient: cents,
      thirdParty: z.boolean(),
      status: z.enum(['recorded', 'sent', 'paid', 'rejected']),
    }),
  ),
});

const DONE = z.strictObject({ done: z.literal(true) });
const done = { done: true } as const;

/** Two channels through HTTP, and keys made in the card. */
const ACTIVATION_MS = 120_000;
/** Longest ticket that is believed. */
const LONGEST_TICKET = 2000;

const ACTIVATION: z.ZodType<ActivationAnswer> = z.discriminatedUnion('at', [
  z.strictObject({ at: z.literal('code') }),
  z.strictObject({ at: z.literal('active'), puk: z.string().nullable() }),
]);
const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const EMPTY = z.strictObject({});
/** Answers of an identity that one address may send in a minute: a person sends one. */
const ANSWERS_A_MINUTE = 30;

/** The routes of the phone's page. */
export function addPhoneRoutes(app: WebApp, acts: PhoneActs): void {
  const withCode = z.strictObject({ code });
  app.get('/api/phone', { schema: { response: { 200: VIEW } } }, () => acts.view());
  addActivation(app, acts);
  addIdentity(app, acts);
  addPuk(app, acts);
  addDelegationRoutes(app, acts);
  app.post('/api/phone/window', { schema: { body: withCode, response: { 200: DONE } } }, async ({ body }) => {
    await acts.openWindow(body);
    return done;
  });
  app.delete('/api/phone/window', { schema: { response: { 200: DONE } } }, async () => {
    await acts.closeWindow();
    return done;
  });
  app.post(
    '/api/phone/qr',
    { schema: { body: z.strictObject({ kind: z.enum(['presence', 'offline']), code }), response: { 200: QR } } },
    ({ body }) => acts.qr(body),
  );
  app.post('/api/phone/invoices', { schema: { body: withCode, response: { 200: INVOICES } } }, async ({ body }) => ({
    invoices: [...(await acts.invoices(body))],
  }));
  app.post(
    '/api/phone/code',
    { schema: { body: z.strictObject({ code, newCode: code }), response: { 200: DONE } } },
    async ({ body }) => {
      await acts.changeCode(body);
      return done;
    },
  );
  app.post(
    '/api/phone/unblocking',
    {
      schema: { body: z.strictObject({ puk: z.string().regex(/^\d{6,12}$/), newCode: code }), response: { 200: DONE } },
    },
    async ({ body }) => {
      await acts.unblock(body);
      return done;
    },
  );
  app.post(
    '/api/phone/sync',
    { schema: { body: z.strictObject({ code: code.nullable() }), response: { 200: DONE } } },
    async ({ body }) => {
      await acts.sync(body);
      return done;
    },
  );
  app.post('/api/phone/credential-offer', { schema: { body: EMPTY, response: { 200: DONE } } }, async () => {
    await acts.anotherOffer();
    return done;
  });
  app.post(
    '/api/phone/credential',
    {
      schema: {
        body: z.strictObject({
          code,
          txCode: z
            .string()
            .regex(/^\d{4,12}$/)
            .nullable(),
        }),
        response: { 200: DONE },
      },
    },
    async ({ body }) => {
      await acts.credential(body);
      return done;
    },
  );
}

/** The PUK after the code, until it was noted. */
function addPuk(app: WebApp, acts: PhoneActs): void {
  const shown = z.strictObject({ puk: z.string().nullable() });
  app.post(
    '/api/phone/puk',
    { schema: { body: z.strictObject({ code }), response: { 200: shown } } },
    async ({ body }) => ({ puk: await acts.puk(body) }),
  );
  app.post('/api/phone/puk-noted', { schema: { body: EMPTY, response: { 200: DONE } } }, async () => {
    await acts.pukNoted();
    return done;
  });
}

function addActivation(app: WebApp, acts: PhoneActs): void {
  const ticket = z.string().min(1).max(LONGEST_TICKET).nullable();
  const schema = { response: { 200: ACTIVATION } };
  app.post(
    '/api/phone/activation',
    { schema: { ...schema, body: z.strictObject({ ticket }) }, handlerTimeout: ACTIVATION_MS },
    ({ body }) => acts.activate(body),
  );
  app.post(
    '/api/phone/activation/code',
    { schema: { ...schema, body: z.strictObject({ newCode: code }) }, handlerTimeout: ACTIVATION_MS },
    ({ body }) => acts.chooseCode(body),
  );
  app.delete('/api/phone/activation', { schema: { response: { 200: DONE } } }, async () => {
    await acts.leaveActivation();
    return done;
  });
}

function addIdentity(app: WebApp, acts: PhoneActs): void {
  app.post('/api/phone/identity', { schema: { body: EMPTY, response: { 200: DONE } } }, async ({ headers }) => {
    // The server has compared the name with its own before.
    await acts.askIdentity(`http://${headers.host}`);
    return done;
  });
  app.delete('/api/phone/identity', { schema: { response: { 200: DONE } } }, async () => {
    await acts.forgetIdentity();
    return done;
  });
  app.post(
    '/api/phone/identity/answer',
    {
      config: { access: 'open', rateLimit: { max: ANSWERS_A_MINUTE, timeWindow: 60_000 } },
      schema: {
        body: z.strictObject({ flow: secret, responseCode: secret.nullable(), refused: z.boolean() }),
        response: { 200: DONE },
      },
    },
    async ({ body }) => {
      await acts.identityAnswered(body);
      return done;
    },
  );
}
