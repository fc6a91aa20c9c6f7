import * as z from 'zod';
import type { WebApp } from '../../../web/server.ts';
import {
  CLAIMS_OF_PHONE,
  DELEGATE,
  DELEGATED,
  DELEGATIONS,
  MINT,
  MINTED,
  NOTHING,
  OFFERED,
  STANDING,
} from '../../api/wire.ts';
import { activationState } from '../activation.ts';
import { claimsFor } from '../claim.ts';
import { delegate, delegationsOf, revokeDelegation } from '../delegation.ts';
import { acknowledgeWipe, reportLoss } from '../loss.ts';
import { mintPresence } from '../presence.ts';
import { IssuerRefusal } from '../refusals.ts';
import { believePhone, late } from './believe.ts';
import { type IssuerHttp, OPEN } from './issuer-http.ts';

const tags = ['phone'];
const EMPTY = z.strictObject({});
/** An identifier of the issuer in an address. */
export const ID_IN_PATH: z.ZodType<{ readonly id: string }> = z.object({
  id: z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/),
});

/** What an activated phone asks for; each request is signed by its device key. */
export function addPhoneRoutes(app: WebApp, http: IssuerHttp): void {
  const { store } = http;

  app.get(
    '/v1/phone/state',
    { config: OPEN, schema: { tags, summary: 'Am I the active one?', response: { 200: STANDING } } },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      return late(http, await activationState(store, { deviceKey }));
    },
  );

  app.post(
    '/v1/phone/presences',
    { config: OPEN, schema: { tags, summary: 'Gives a single-use presence', body: MINT, response: { 200: MINTED } } },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      const { agreed, delegation = null } = request.body;
      const now = http.now() - (http.faults.take('slow-phone') ?? 0);
      return late(http, await mintPresence(store, { deviceKey, agreed, delegation, now }));
    },
  );

  app.get(
    '/v1/phone/claims',
    { config: OPEN, schema: { tags, summary: 'The newest claims', response: { 200: CLAIMS_OF_PHONE } } },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      return late(http, { claims: await claimsFor(store, { deviceKey }) });
    },
  );

  app.post(
    '/v1/phone/wiped',
    {
      config: OPEN,
      schema: { tags, summary: 'The phone has wiped its card', body: EMPTY, response: { 200: NOTHING } },
    },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      await acknowledgeWipe(store, { deviceKey, now: http.now() });
      return late(http, {});
    },
  );

  app.post(
    '/v1/phone/lost',
    { config: OPEN, schema: { tags, summary: 'Ends this phone’s card', body: EMPTY, response: { 200: NOTHING } } },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      const state = await activationState(store, { deviceKey });
      if (state.state === 'unknown') throw new IssuerRefusal('device-unknown');
      await reportLoss(store, { activationId: state.activationId, now: http.now() });
      return late(http, {});
    },
  );

  app.post(
    '/v1/phone/credential-offer',
    {
      config: OPEN,
      schema: {
        tags,
        summary: 'Another offer of the credential, when the last one has ended',
        body: EMPTY,
        response: { 200: OFFERED },
      },
    },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      const state = await activationState(store, { deviceKey });
      if (state.state !== 'active') throw new IssuerRefusal('device-unknown');
      return late(http, { credentialOffer: await http.anotherOfferOf(state.activationId) });
    },
  );

  addDelegationRoutes(app, http);
}

function addDelegationRoutes(app: WebApp, http: IssuerHttp): void {
  const { store } = http;

  app.post(
    '/v1/phone/delegations',
    {
      config: OPEN,
      schema: { tags, summary: 'Lets another phone present', body: DELEGATE, response: { 200: DELEGATED } },
    },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      return late(http, await delegate(store, { ...request.body, deviceKey, now: http.now() }));
    },
  );

  app.get(
    '/v1/phone/delegations',
    { config: OPEN, schema: { tags, summary: 'Given and received', response: { 200: DELEGATIONS } } },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      return late(http, await delegationsOf(store, { deviceKey }));
    },
  );

  app.delete(
    '/v1/phone/delegations/:id',
    {
      config: OPEN,
      schema: { tags, summary: 'Ends a delegation at once', params: ID_IN_PATH, response: { 200: NOTHING } },
    },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      await revokeDelegation(store, { deviceKey, id: request.params.id, now: http.now() });
      return late(http, {});
    },
  );
}
