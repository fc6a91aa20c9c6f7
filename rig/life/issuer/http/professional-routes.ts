import { randomBytes } from 'node:crypto';
import type { FastifyRequest, FastifySchema } from 'fastify';
import * as z from 'zod';
import { WebRefusal } from '../../../web/refusal.ts';
import type { WebApp } from '../../../web/server.ts';
import { LONGEST_TERMINAL_REQUEST, TERMINAL_BODY } from '../../api/signed-request.ts';
import {
  CLAIM_BY_CONTEXT,
  CLAIM_OFFLINE,
  CLAIMED,
  NOTHING,
  RENEWED,
  RESOLVE,
  RESOLVED,
  WITH_TOKEN,
} from '../../api/wire.ts';
import { QrRefusal } from '../../credential/qr-refusal.ts';
import { readOfflineProof } from '../../credential/verify-offline-qr.ts';
import { claimByCard, claimByContext, claimByOfflineQr } from '../claim.ts';
import { destroyContext, renewContext } from '../context.ts';
import { type Resolved, resolvePresence } from '../presence.ts';
import { believeProfessional, late } from './believe.ts';
import { type IssuerHttp, OPEN } from './issuer-http.ts';
import type { JudgedProfessional } from './judge-professional.ts';
import { ID_IN_PATH } from './phone-routes.ts';
import { refuseRequest } from './request-refusals.ts';

type OfflineUse = { readonly cti: string; readonly statusIndex: number; readonly madeAt: number };

/** Rights of a terminal (`rightsOfType('AT')`): to see whom a card is about, and to add a claim. */
const SEE = 'read DG1';
const CLAIM_RIGHT = 'write DG18';

/** A route whose body is a signed request. */
function described(summary: string, request: z.ZodType, answer: z.ZodType): FastifySchema {
  return {
    tags: ['professional'],
    summary,
    description: `The payload's member \`request\`: ${JSON.stringify(z.toJSONSchema(request, { io: 'input', unrepresentable: 'any' }))}`,
    consumes: [TERMINAL_BODY],
    body: z.string().max(LONGEST_TERMINAL_REQUEST).describe('compact JWS by the key of the terminal'),
    response: { 200: answer },
  };
}

/** What a professional's software asks for; each request is signed by the key of its terminal. */
export function addProfessionalRoutes(app: WebApp, http: IssuerHttp): void {
  const { store } = http;
  const config = OPEN;

  app.post(
    '/v1/presences/resolve',
    { config, schema: described('Turns a presence into a context and the data agreed to', RESOLVE, RESOLVED) },
    async (request) => {
      const professional = await believeProfessional(http, request, SEE);
      const { presence } = asked(professional, RESOLVE);
      return late(http, await resolve(http, presence, professional));
    },
  );

  app.post(
    '/v1/contexts/:id/renew',
    { config, schema: { ...described('Lengthens a context', WITH_TOKEN, RENEWED), params: ID_IN_PATH } },
    async (request) => {
      const professional = await believeProfessional(http, request, SEE);
      const { token } = asked(professional, WITH_TOKEN);
      const order = { contextId: contextOf(request), token, signer: professional.name, now: contextNow(http) };
      return late(http, await renewContext(store, order));
    },
  );

  app.post(
    '/v1/contexts/:id/destroy',
    { config, schema: { ...described('Ends a context', WITH_TOKEN, NOTHING), params: ID_IN_PATH } },
    async (request) => {
      const professional = await believeProfessional(http, request, SEE);
      const { token } = asked(professional, WITH_TOKEN);
      const order = { contextId: contextOf(request), token, signer: professional.name, now: http.now() };
      await destroyContext(store, order);
      return late(http, {});
    },
  );

  app.post(
    '/v1/contexts/:id/claims',
    { config, schema: { ...described('A claim by a context', CLAIM_BY_CONTEXT, CLAIMED), params: ID_IN_PATH } },
    async (request) => {
      const professional = await believeProfessional(http, request, CLAIM_RIGHT);
      const { token, claim } = asked(professional, CLAIM_BY_CONTEXT);
      const { name: signer, requestId } = professional;
      const order = { contextId: contextOf(request), token, signer, requestId, claim, now: contextNow(http) };
      return late(http, await claimByContext(store, order));
    },
  );

  app.post(
    '/v1/claims',
    { config, schema: described('A claim after an offline code, or after a tap', CLAIM_OFFLINE, CLAIMED) },
    async (request) => {
      const professional = await believeProfessional(http, request, CLAIM_RIGHT);
      const { claim, ...proof } = asked(professional, CLAIM_OFFLINE);
      const order = { signer: professional.name, requestId: professional.requestId, claim, now: http.now() };
      const received =
        'offline' in proof
          ? await claimByOfflineQr(store, { ...order, ...offlineProof(http, proof.offline) })
          : await claimByCard(store, { ...order, cardSerial: new Uint8Array(Buffer.from(proof.cardSerial, 'hex')) });
      return late(http, received);
    },
  );
}

/** The presentation that an offline code was, from its two signatures. @throws {WebRefusal} */
function offlineProof({ crypto, signer, names }: IssuerHttp, text: string): OfflineUse {
  try {
    const issuers = [{ issuer: names.issuer, publicKey: signer.publicKey }];
    const { tokenId: cti, presentedAt, status } = readOfflineProof(text, { issuers, crypto });
    return { cti, statusIndex: status.index, madeAt: presentedAt * 1000 };
  } catch (error) {
    if (error instanceof QrRefusal) throw refuseRequest('offline-refused', error.message);
    throw error;
  }
}

/** What a believed request asks for. @throws {WebRefusal} it is not as described */
function asked<T>({ request }: JudgedProfessional, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.filter((part) => /^[\w-]{1,40}$/.test(String(part))) ?? [];
  throw new WebRefusal('request-malformed', `${['request', ...path].join('.')} is not as described`);
}

function contextOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id;
}

function contextNow(http: IssuerHttp): number {
  return http.now() + (http.faults.take('context-expired') ?? 0);
}

/** Another terminal of the faults, below no root: it is not believed over HTTP. */
const RIVAL = 'FRFAULT00001';

async function resolve(
  { store, now, faults }: IssuerHttp,
  presence: string,
  { name: signer, requestId }: JudgedProfessional,
): Promise<Resolved> {
  const own = (): Promise<Resolved> => resolvePresence(store, { presence, signer, requestId, now: now() });
  const rival = async (): Promise<void> => {
    const rivalId = randomBytes(16).toString('hex');
    // Whatever it is told, it is the other one's answer that counts.
    await resolvePresence(store, { presence, signer: RIVAL, requestId: rivalId, now: now() }).catch(() => {});
  };
  if (faults.take('token-replayed') !== null) await rival();
  if (faults.take('two-readers') === null) return own();
  const ownFirst = randomBytes(1).readUInt8() < 128;
  const [mine] = ownFirst ? [own(), rival()] : [rival(), own()].reverse();
  return mine as Promise<Resolved>;
}
