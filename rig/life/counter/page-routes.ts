import * as z from 'zod';
import type { WebApp } from '../../web/server.ts';
import type {
  ClaimAnswer,
  ClaimFields,
  CounterView,
  PictureRequest,
  ScanRequest,
  TapRequest,
} from '../pages/counter/view.ts';
import { type CounterReading, READING } from './reading.ts';

/** What the page of the counter can ask for. */
export interface CounterActs {
  view(): Promise<CounterView>;
  scan(request: ScanRequest): Promise<CounterReading>;
  /** @param picture the bytes of a PNG or JPEG file */
  picture(picture: Uint8Array): Promise<CounterReading>;
  tap(request: TapRequest): Promise<CounterReading>;
  /** @param claim as it came: it is judged before anything else happens */
  claimAfter(claim: unknown, after: string): Promise<ClaimAnswer>;
  claimToCard(claim: unknown, can: string): Promise<ClaimAnswer>;
  sendQueue(): Promise<void>;
}

/** Longer than any code of ours with what scanners put around it. */
const LONGEST_LINE = 1300;
const LARGEST_PICTURE = 5_000_000;
/** Of a picture in base64, with what stands around it. */
const LARGEST_BODY = Math.ceil(LARGEST_PICTURE / 3) * 4 + 1000;

const can = z.string().regex(/^\d{6}$/);

const PROBLEM = z.strictObject({ code: z.string(), message: z.string() }).nullable();
const VIEW: z.ZodType<CounterView> = z.strictObject({
  reader: z.string().nullable(),
  issuer: z.string().nullable(),
  offline: z.boolean(),
  queue: z.array(
    z.strictObject({
      requestId: z.string(),
      number: z.string(),
      date: z.string(),
      total: z.int(),
      state: z.enum(['waiting', 'sent', 'refused']),
      problem: PROBLEM,
    }),
  ),
  damaged: z.array(z.string()),
});

const SCAN: z.ZodType<ScanRequest> = z.strictObject({ text: z.string().min(1).max(LONGEST_LINE) });
const PICTURE: z.ZodType<PictureRequest> = z.strictObject({ picture: z.base64().max(LARGEST_BODY) });
const TAP: z.ZodType<TapRequest> = z.strictObject({ can, invoices: z.boolean() });
/** The claim itself is judged by whoever judges a claim from a file: one table of sentences for both. */
const CLAIMED: z.ZodType<{ claim: ClaimFields; after: string | null; can: string | null }> = z.strictObject({
  claim: z.looseObject({}) as unknown as z.ZodType<ClaimFields>,
  after: z.string().max(100).nullable(),
  can: can.nullable(),
});

const ANSWER: z.ZodType<ClaimAnswer> = z.strictObject({
  state: z.enum(['on the card', 'sent', 'waiting', 'refused']),
  problem: PROBLEM,
});
const DONE = z.strictObject({ done: z.literal(true) });

/** The routes of the counter's page. */
export function addCounterRoutes(app: WebApp, acts: CounterActs): void {
  app.get('/api/counter', { schema: { response: { 200: VIEW } } }, () => acts.view());
  app.post('/api/counter/scan', { schema: { body: SCAN, response: { 200: READING } } }, ({ body }) => acts.scan(body));
  app.post(
    '/api/counter/picture',
    { bodyLimit: LARGEST_BODY, schema: { body: PICTURE, response: { 200: READING } } },
    ({ body }) => acts.picture(Buffer.from(body.picture, 'base64')),
  );
  app.post('/api/counter/tap', { schema: { body: TAP, response: { 200: READING } } }, ({ body }) => acts.tap(body));
  app.post('/api/counter/claim', { schema: { body: CLAIMED, response: { 200: ANSWER } } }, ({ body }) =>
    body.after === null ? acts.claimToCard(body.claim, body.can ?? '') : acts.claimAfter(body.claim, body.after),
  );
  app.post('/api/counter/queue', { schema: { body: z.strictObject({}), response: { 200: DONE } } }, async () => {
    await acts.sendQueue();
    return { done: true } as const;
  });
}
