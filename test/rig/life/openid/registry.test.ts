import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jwkToPoint } from '../../../../rig/life/credential/jws.ts';
import { obtainCredential, renewCredential } from '../../../../rig/life/identity/client/obtain-credential.ts';
import { consentAtTerminal, requestIdentity } from '../../../../rig/life/identity/client/present-identity.ts';
import { TEST_PEOPLE } from '../../../../rig/life/identity/provider/people.ts';
import { addProviderRoutes } from '../../../../rig/life/identity/provider/routes.ts';
import { presentSdJwtVc } from '../../../../rig/life/identity/sd-jwt/issue.ts';
import { verifySdJwtVc } from '../../../../rig/life/identity/sd-jwt/verify.ts';
import { commitActivation } from '../../../../rig/life/issuer/activation.ts';
import { cardFilesOf, contentOfCardFiles } from '../../../../rig/life/issuer/card-files.ts';
import { enrol } from '../../../../rig/life/issuer/enrolment.ts';
import { revoke } from '../../../../rig/life/issuer/loss.ts';
import type { OpenIdContext } from '../../../../rig/life/issuer/openid/context.ts';
import { CARD_VCT } from '../../../../rig/life/issuer/openid/metadata.ts';
import { OPENID_TABLES } from '../../../../rig/life/issuer/openid/migrations.ts';
import { openIdOfRegistry } from '../../../../rig/life/issuer/openid/of-registry.ts';
import { createOffer, credentialOfferLink } from '../../../../rig/life/issuer/openid/offer.ts';
import { redeemIdentityTicket } from '../../../../rig/life/issuer/openid/presentation.ts';
import { trustedProvider } from '../../../../rig/life/issuer/openid/provider-keys.ts';
import { addOpenIdRoutes } from '../../../../rig/life/issuer/openid/routes.ts';
import { addFamilies, cardClaimsOf } from '../../../../rig/life/issuer/registry.ts';
import { changeRollout } from '../../../../rig/life/issuer/rollout.ts';
import { type IssuerStore, openIssuerStore } from '../../../../rig/life/issuer/store.ts';
import { migrate } from '../../../../rig/store/migrate.ts';
import { createWebServer, type WebServer } from '../../../../rig/web/server.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { crypto, keyPair } from '../identity/sd-jwt-making.ts';
import { ADRUN, deviceKey, NAMESAKE, NOW, serial } from '../issuer/people.ts';

/** From a consent to a credential over the issuer's own registry: what card and credential say comes from one object. */

const folder = mkdtempSync(join(tmpdir(), 'vitap-openid-registry-'));
const [CARD, ISSUER, PROVIDER] = [keyPair(41), keyPair(42), keyPair(43)];
const STATUS = 'http://127.0.0.1/v1/status/token-list';
let store: IssuerStore;
let context: OpenIdContext;
const servers: WebServer[] = [];
const at = { issuer: '', identity: '' };
const now = NOW;
let txCode = '';

const server = async (): Promise<WebServer> => {
  const made = await createWebServer({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    title: 'T',
    version: '1',
    log: () => {},
  });
  servers.push(made);
  return made;
};

beforeAll(async () => {
  store = await openIssuerStore({ location: join(folder, 'store'), files: join(folder, 'files'), now });
  await migrate(store.sql, OPENID_TABLES, now);
  await addFamilies(store, { families: [ADRUN, NAMESAKE], now });
  await changeRollout(store, { departments: ['75', '2A'], open: true, now });
  const random = new SeededRandom('registry');
  const identity = await server();
  addProviderRoutes(identity.app, {
    issuer: () => ({ crypto, random, origin: at.identity, sign: PROVIDER.sign, kid: 'p' }),
    publicKey: PROVIDER.jwk,
    people: TEST_PEOPLE,
    verifiers: 'loopback',
    now: () => now,
  });
  at.identity = (await identity.listen()).origin;
  context = openIdOfRegistry(store, () => STATUS, {
    crypto,
    random,
    now: () => now,
    origin: () => at.issuer,
    signer: { sign: ISSUER.sign, kid: 'i', publicKey: ISSUER.jwk },
    identityProviders: [trustedProvider(at.identity, () => now)],
    sendTransactionCode: async (message) => {
      txCode = message.txCode;
    },
  });
  const issuer = await server();
  addOpenIdRoutes(issuer.app, context);
  at.issuer = (await issuer.listen()).origin;
}, 120_000);
afterAll(async () => {
  await Promise.all(servers.map((each) => each.close()));
  await store.sql.close();
  rmSync(folder, { recursive: true, force: true });
});

it('finds the insured, and gives the credential what the card gets', async () => {
  const request = await requestIdentity({ ...at, returnTo: null });
  const ticket = await consentAtTerminal(request, async ({ people }) => people[0]!.id);
  const identity = await redeemIdentityTicket(context, ticket!);
  const { activationId } = await enrol(store, { identity, now });
  const offer = credentialOfferLink(await createOffer(context, activationId));
  const order = {
    crypto,
    issuer: at.issuer,
    vct: CARD_VCT,
    holder: { publicKey: CARD.jwk, sign: CARD.sign },
    now: () => now,
  };
  await commitActivation(store, {
    activationId,
    deviceKey: deviceKey('zoe'),
    holderKey: jwkToPoint(CARD.jwk),
    cardSerial: serial(1),
    cardSecurity: Uint8Array.of(1),
    now,
  });
  const obtained = await obtainCredential({ ...order, offer, txCode });

  const claims = await cardClaimsOf(store, activationId);
  const card = contentOfCardFiles(cardFilesOf(claims!));
  expect(card.beneficiaries.map(({ firstName }) => firstName)).toEqual(['ZOÉ', 'PIERRE-ALAIN', 'MICHELANGELO']);
  expect({ affiliation: obtained.claims.affiliation, beneficiaries: obtained.claims.beneficiaries }).toEqual(card);
  expect(obtained.claims.insured).toEqual(ADRUN.insured);
  expect(obtained.claims.status).toEqual({ status_list: { uri: STATUS, idx: 0 } });

  const audited = await store.sql.query<{ line: string }>('select line from audit_log order by sequence');
  expect(audited.filter(({ line }) => line.includes('credential-issued'))).toHaveLength(1);

  // One person, without NIR and rights: what a holder may want to show.
  const text = await presentSdJwtVc({
    crypto,
    credential: obtained.credential,
    disclose: { beneficiaries: { 1: true } },
    sign: CARD.sign,
    audience: 'https://pharmacy.test',
    nonce: 'n',
    now: now / 1000,
  });
  const shown = await verifySdJwtVc({
    crypto,
    text,
    now: now / 1000,
    issuerKeys: () => [ISSUER.jwk],
    binding: { audience: 'https://pharmacy.test', nonce: 'n', maxAgeSeconds: 60 },
    vct: CARD_VCT,
  });
  const { certifiedNir, rights, ...person } = ADRUN.beneficiaries[1]!;
  expect(shown.claims.beneficiaries).toEqual([person]);
  expect(shown.claims).not.toHaveProperty('insured');

  await revoke(store, { activationId, why: 'operator', now });
  const renewing = renewCredential({ ...order, refreshToken: obtained.refreshToken });
  await expect(renewing).rejects.toMatchObject({ code: 'activation-ended' });
});

it('asks a provider for its keys when they are needed, and again after ten minutes', async () => {
  let asked = 0;
  let answer: unknown = { issuer: at.identity, jwks: { keys: [PROVIDER.jwk] } };
  const fetched = async (): Promise<Response> => {
    asked++;
    return Response.json(answer);
  };
  let time = 0;
  const provider = trustedProvider(at.identity, () => time, { fetch: fetched });
  expect(await provider.keys()).toEqual([PROVIDER.jwk]);
  time = 10 * 60_000 - 1;
  await provider.keys();
  expect(asked).toBe(1);
  time++;
  for (const wrong of [
    { issuer: 'https://other.test', jwks: { keys: [PROVIDER.jwk] } },
    { issuer: at.identity },
    'x',
  ]) {
    answer = wrong;
    await expect(provider.keys()).rejects.toThrow('is no identity provider');
  }
  answer = { issuer: at.identity, jwks: { keys: [{ kty: 'RSA' }] } };
  await expect(provider.keys()).rejects.toThrow('not on P-256');
});
