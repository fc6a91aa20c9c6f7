import type { CardSession } from '../../../../src/hal/reader.ts';
import type { WebApp } from '../../../web/server.ts';
import { BEGIN, BEGUN, COMMIT, COMMITTED, NOTHING, RELAY, RELAYED } from '../../api/wire.ts';
import { jwkThumbprint, jwkToPoint, pointToJwk } from '../../credential/jws.ts';
import { activationState, commitActivation } from '../activation.ts';
import { abandonActivation, enrol } from '../enrolment.ts';
import { IssuerRefusal } from '../refusals.ts';
import { believePhone, late } from './believe.ts';
import { blankCard, forgetBlankCard, keepBlankCard, keepPersonalised } from './blank-cards.ts';
import { guessable, type IssuerHttp, OPEN } from './issuer-http.ts';
import type { JudgedDevice } from './judge-device.ts';
import { ID_IN_PATH } from './phone-routes.ts';
import { refuseRequest } from './request-refusals.ts';

const tags = ['activation'];
/** A relayed command waits for a card, and the card for its owner. */
const RELAY_ANSWER_MS = 60_000;
/** Longest body: the answer of a card in hexadecimal digits. */
const RELAY_BODY_BYTES = 140_000;

/** From a ticket to an active card; each request is signed by the new card's device key. */
export function addActivationRoutes(app: WebApp, http: IssuerHttp): void {
  const { store } = http;

  app.post(
    '/v1/activations',
    {
      config: guessable(http),
      schema: { tags, summary: 'Begins an activation, or resumes it', body: BEGIN, response: { 200: BEGUN } },
    },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      const { ticket, can, cardSerial } = request.body;
      const proof = await http.proofOf(ticket, 'activation');
      const { activationId, number, claims } = await enrol(store, { deviceKey, now: http.now(), ...proof });
      const serial = bytesOf(cardSerial);
      await keepBlankCard(store.sql, activationId, { can, serial }, http.now());
      const credentialOffer = await http.offerOf(activationId);
      return late(http, { activationId, number, claims, ...(credentialOffer !== null && { credentialOffer }) });
    },
  );

  app.post(
    '/v1/activations/:id/personalisation',
    {
      config: OPEN,
      handlerTimeout: RELAY_ANSWER_MS,
      bodyLimit: RELAY_BODY_BYTES,
      schema: {
        tags,
        summary: 'One step of the personalisation: the card’s answer in, the next command out',
        params: ID_IN_PATH,
        body: RELAY,
        response: { 200: RELAYED },
      },
    },
    async (request) => {
      const device = await believePhone(http, request);
      const { id } = request.params;
      const { step, relay, answer } = request.body;
      const owner = `${step} ${id}`;
      await checkOwner(http, device, id, step === 'personalisation' ? 'pending' : 'active');
      if (relay !== null) {
        if (answer === null) throw refuseRequest('relay-unknown');
        return late(http, await http.relays.next(owner, relay, bytesOf(answer), http.now()));
      }
      const card = await blankCard(store.sql, id);
      if (card === null) throw refuseRequest('not-personalised');
      const work =
        step === 'personalisation'
          ? (session: CardSession) => personalise(http, session, id, card.can, device)
          : (session: CardSession) => http.cards.operate(session, card.can);
      return late(http, await http.relays.begin(owner, work, http.now()));
    },
  );

  app.post(
    '/v1/activations/:id/commit',
    {
      config: OPEN,
      schema: { tags, summary: 'The card is ready', params: ID_IN_PATH, body: COMMIT, response: { 200: COMMITTED } },
    },
    async (request) => {
      const { thumbprint: deviceKey } = await believePhone(http, request);
      const { id: activationId } = request.params;
      const card = await blankCard(store.sql, activationId);
      if (card?.personalised == null) throw refuseRequest('not-personalised');
      const { holderKey, cardSecurity } = card.personalised;
      // The phone says which card it speaks of: the one that the issuer filled, and not one that took its place.
      if (Buffer.compare(jwkToPoint(request.body.holderKey), holderKey) !== 0) {
        throw new IssuerRefusal('activation-malformed');
      }
      const order = { activationId, deviceKey, holderKey, cardSerial: card.serial, cardSecurity, now: http.now() };
      return late(http, await commitActivation(store, order));
    },
  );

  app.post(
    '/v1/activations/:id/abandon',
    {
      config: OPEN,
      schema: { tags, summary: 'Gives a pending activation up', params: ID_IN_PATH, response: { 200: NOTHING } },
    },
    async (request) => {
      const device = await believePhone(http, request);
      const { id: activationId } = request.params;
      const state = await activationState(store, { deviceKey: device.thumbprint });
      if (!('activationId' in state) || state.activationId !== activationId)
        throw new IssuerRefusal('activation-unknown');
      await abandonActivation(store, { activationId, now: http.now() });
      await forgetBlankCard(store.sql, activationId);
      return late(http, {});
    },
  );
}

/** The activation belongs to the key that signed, and is in this state. */
async function checkOwner(
  { store }: IssuerHttp,
  { thumbprint: deviceKey }: JudgedDevice,
  activationId: string,
  wanted: 'pending' | 'active',
): Promise<void> {
  const state = await activationState(store, { deviceKey });
  if (!('activationId' in state) || state.activationId !== activationId) throw new IssuerRefusal('activation-unknown');
  if (state.state !== wanted) throw new IssuerRefusal('activation-ended');
}

async function personalise(
  { crypto, cards, store }: IssuerHttp,
  session: CardSession,
  activationId: string,
  can: string,
  device: JudgedDevice,
): Promise<void> {
  const filled = await cards.personalise(session, activationId, can);
  // The key that signs the requests is in this card, and not in another one behind the same phone.
  if (jwkThumbprint(crypto, pointToJwk(filled.device)) !== device.thumbprint) {
    throw new IssuerRefusal('activation-malformed');
  }
  await keepPersonalised(store.sql, activationId, { holderKey: filled.holder, cardSecurity: filled.cardSecurity });
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
