import * as z from 'zod';
import type { WebApp } from '../../web/server.ts';
import type {
  ActivationAnswer,
  ActivationRequest,
  ChangeCodeRequest,
  CodeRequest,
  PhoneView,
  QrRequest,
  ShownInvoice,
  ShownQr,
  UnblockRequest,
} from '../pages/phone/view.ts';

/** What the page of the phone can ask for. Each act that needs the code gets it, uses it once and keeps it nowhere. */
export interface PhoneActs {
  view(): Promise<PhoneView>;
  activate(request: ActivationRequest): Promise<ActivationAnswer>;
  /** Opens the window for one reader. */
  openWindow(request: CodeRequest): Promise<void>;
  closeWindow(): Promise<void>;
  qr(request: QrRequest): Promise<ShownQr>;
  invoices(request: CodeRequest): Promise<readonly ShownInvoice[]>;
  changeCode(request: ChangeCodeRequest): Promise<void>;
  unblock(request: UnblockRequest): Promise<void>;
  sync(): Promise<void>;
}

const code = z.string().regex(/^\d{6}$/);
const ms = z.int().min(0);
const instant = z.iso.datetime().nullable();

const VIEW: z.ZodType<PhoneView> = z.strictObject({
  life: z.enum(['blank', 'pending', 'active', 'revoked', 'wiped']),
  antenna: z.boolean(),
  triesLeft: z.int().min(0).nullable(),
  window: z
    .strictObject({ remainingMs: ms, wholeMs: ms, uses: z.int().min(0), can: z.string().regex(/^\d{6}$/) })
    .nullable(),
  syncedAt: instant,
  endedBecause: z.enum(['replaced', 'lost', 'operator', 'wiped here']).nullable(),
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

/** The routes of the phone's page. */
export function addPhoneRoutes(app: WebApp, acts: PhoneActs): void {
  const withCode = z.strictObject({ code });
  app.get('/api/phone', { schema: { response: { 200: VIEW } } }, () => acts.view());
  app.post(
    '/api/phone/activation',
    {
      schema: {
        body: z.strictObject({ ticket: z.string().min(1).max(LONGEST_TICKET), newCode: code }),
        response: { 200: z.strictObject({ puk: z.string().nullable() }) },
      },
      handlerTimeout: ACTIVATION_MS,
    },
    ({ body }) => acts.activate(body),
  );
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
  app.post('/api/phone/sync', { schema: { body: z.strictObject({}), response: { 200: DONE } } }, async () => {
    await acts.sync();
    return done;
  });
}
