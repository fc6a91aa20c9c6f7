import * as z from 'zod';
import type { WebApp } from '../../web/server.ts';
import type { DelegateRequest, DelegationsView } from '../pages/phone/view.ts';

/** What the phone's page can ask for about delegations; the issuer keeps them. */
export interface DelegationActs {
  delegations(): Promise<DelegationsView>;
  delegate(request: DelegateRequest): Promise<void>;
  /** Without the code: it takes a permission away. */
  undelegate(id: string): Promise<void>;
}

const MOST_DAYS = 30;
const identifier = z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/);
const instant = z.iso.datetime();
const list = z.array(
  z.strictObject({ id: identifier, beneficiaryIndex: z.int(), until: instant, endedAt: instant.nullable() }),
);
const VIEW: z.ZodType<DelegationsView> = z.strictObject({ key: z.string(), given: list, received: list });
const ORDER: z.ZodType<DelegateRequest> = z.strictObject({
  code: z.string().regex(/^\d{6}$/),
  delegateKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  beneficiaryIndex: z.int().min(1).max(255),
  days: z.int().min(1).max(MOST_DAYS),
});
const DONE = z.strictObject({ done: z.literal(true) });
const done = { done: true } as const;

export function addDelegationRoutes(app: WebApp, acts: DelegationActs): void {
  app.get('/api/phone/delegations', { schema: { response: { 200: VIEW } } }, () => acts.delegations());
  app.post('/api/phone/delegations', { schema: { body: ORDER, response: { 200: DONE } } }, async ({ body }) => {
    await acts.delegate(body);
    return done;
  });
  app.delete(
    '/api/phone/delegations/:id',
    { schema: { params: z.object({ id: identifier }), response: { 200: DONE } } },
    async ({ params: { id } }) => {
      await acts.undelegate(id);
      return done;
    },
  );
}
