import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallbackContext, clientAuthenticationAnonymous, type Jwk, setGlobalConfig } from '@openid4vc/oauth2';
import { Openid4vciClient } from '@openid4vc/openid4vci';
import {
  isOpenid4vpAuthorizationRequestDcApi,
  type Openid4vpAuthorizationRequest,
  Openid4vpClient,
  Openid4vpVerifier,
} from '@openid4vc/openid4vp';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import * as jose from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type P256Jwk, verifyText } from '../../../../rig/life/credential/jws.ts';
import { consentAtTerminal, requestIdentity, ticketOf } from '../../../../rig/life/identity/client/present-identity.ts';
import { CARD_VCT, CREDENTIAL_CONFIGURATION_ID } from '../../../../rig/life/issuer/openid/metadata.ts';
import { createOffer } from '../../../../rig/life/issuer/openid/offer.ts';
import { redeemIdentityTicket } from '../../../../rig/life/issuer/openid/presentation.ts';
import { openSql } from '../../../../rig/store/open.ts';
import { createWebServer } from '../../../../rig/web/server.ts';
import { crypto } from '../identity/sd-jwt-making.ts';
import { CARD, PROVIDER_KEY, presentationFor, requestOf, startWorld, type World } from './world.ts';

/** Programs that do not know ours: a client, a wallet and a verifier of other people, unmodified, over HTTP. */

const folder = mkdtempSync(join(tmpdir(), 'vitap-openid-foreign-'));
let world: World;
beforeAll(async () => {
  setGlobalConfig({ allowInsecureUrls: true });
  world = await startWorld(await openSql(join(folder, 'store')));
  // They read the clock of the machine.
  world.time = Date.now();
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const privateJwk: Jwk = { ...CARD.jwk, d: Buffer.from(CARD.privateKey).toString('base64url') };

const callbacks: CallbackContext = {
  hash: (data) => crypto.hash('sha-256', data),
  generateRandom: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  clientAuthentication: clientAuthenticationAnonymous(),
  signJwt: async (_signer, { header, payload }) => {
    const key = await jose.importJWK(privateJwk as jose.JWK, 'ES256');
    const jwt = await new jose.SignJWT(payload as jose.JWTPayload)
      .setProtectedHeader(header as jose.JWTHeaderParameters)
      .sign(key);
    return { jwt, signerJwk: { ...CARD.jwk } };
  },
  verifyJwt: () => ({ verified: false }),
  encryptJwe: async (encryptor, data) => {
    const { publicJwk, alg, enc } = encryptor;
    const jwe = await new jose.CompactEncrypt(new TextEncoder().encode(data))
      .setProtectedHeader({ alg, enc, ...(publicJwk.kid !== undefined && { kid: publicJwk.kid }) })
      .encrypt(await jose.importJWK(publicJwk as jose.JWK, alg));
    return { encryptionJwk: publicJwk, jwe };
  },
  decryptJwe: () => ({ decrypted: false }),
};

/** `@sd-jwt/sd-jwt-vc` as anyone uses it. */
function judge(issuer: P256Jwk): SDJwtVcInstance {
  return new SDJwtVcInstance({
    hasher: (data) => crypto.hash('sha-256', new TextEncoder().encode(data as string)),
    verifier: (data, signature) => verifyText(crypto, data, Buffer.from(signature, 'base64url'), issuer),
  });
}

describe('@openid4vc/openid4vci as client', () => {
  it('does a whole issuance, and @sd-jwt believes what it gets', async () => {
    const offer = await createOffer(world.context, 'activation-1');
    const client = new Openid4vciClient({ callbacks });
    const link = `openid-credential-offer://?credential_offer=${encodeURIComponent(JSON.stringify(offer))}`;
    const credentialOffer = await client.resolveCredentialOffer(link);
    const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
    const { accessTokenResponse } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer,
      issuerMetadata,
      txCode: world.codes.get('activation-1')!,
    });
    const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata });
    const { jwt } = await client.createCredentialRequestJwtProof({
      issuerMetadata,
      credentialConfigurationId: CREDENTIAL_CONFIGURATION_ID,
      nonce,
      signer: { method: 'jwk', alg: 'ES256', publicJwk: { ...CARD.jwk } },
    });
    const { credentialResponse } = await client.retrieveCredentials({
      issuerMetadata,
      accessToken: accessTokenResponse.access_token,
      credentialConfigurationId: CREDENTIAL_CONFIGURATION_ID,
      proofs: { jwt: [jwt] },
    });
    const [issued] = credentialResponse.credentials as { credential: string }[];
    const { payload } = await judge(world.context.signer.publicKey).validate(issued!.credential);
    expect(payload).toMatchObject({ vct: CARD_VCT, cnf: { jwk: CARD.jwk }, insured: { familyName: 'ADRUN' } });
  });
});

describe('@openid4vc/openid4vp as wallet', () => {
  it('reads our request as one of version 1.0, and its encrypted answer is believed', async () => {
    const asked = await requestIdentity({ issuer: world.issuer, identity: world.identity, returnTo: null });
    const client = new Openid4vpClient({ callbacks });
    const parsed = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: asked.authorizationRequest });
    const resolved = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: parsed.params });
    expect(resolved.version).toBe(100);
    expect(resolved.client).toMatchObject({ prefix: 'redirect_uri' });
    const payload = resolved.authorizationRequestPayload;
    if (isOpenid4vpAuthorizationRequestDcApi(payload)) throw new Error('a request of the browser’s interface');
    const answer = await client.createOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: payload,
      authorizationResponsePayload: { vp_token: { identity: [await presentationFor(world, asked)] } },
      jarm: {
        encryption: { nonce: 'wallet-nonce' },
        serverMetadata: {
          authorization_signing_alg_values_supported: ['ES256'],
          authorization_encryption_alg_values_supported: ['ECDH-ES'],
          authorization_encryption_enc_values_supported: ['A128GCM', 'A256GCM'],
        },
      },
    });
    const sent = await client.submitOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: payload,
      authorizationResponsePayload: answer.authorizationResponsePayload,
      ...(answer.jarm && { jarm: { responseJwt: answer.jarm.responseJwt } }),
    });
    expect(sent.response.status).toBe(200);
    const { redirect_uri: redirectUri } = (await sent.response.json()) as { redirect_uri: string };
    const identity = await redeemIdentityTicket(world.context, ticketOf(asked, redirectUri));
    expect(identity).toMatchObject({ familyName: 'ADRUN', birthPlaceCode: '63220' });
  });
});

describe('@openid4vc/openid4vp as verifier', () => {
  it.each(['direct_post', 'direct_post.jwt'] as const)(
    'asks our identity provider by %s, and @sd-jwt believes the answer',
    async (mode) => {
      const received: Record<string, string>[] = [];
      const server = await createWebServer({
        host: '127.0.0.1',
        port: 0,
        tls: null,
        title: 'Verifier',
        version: '1',
        log: () => {},
      });
      server.app.post('/response', { config: { access: 'open' } }, (request) => {
        received.push(request.body as Record<string, string>);
        return {};
      });
      const { origin } = await server.listen();
      try {
        const key = await jose.generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
        const encryptionJwk = {
          ...(await jose.exportJWK(key.publicKey)),
          kid: 'one',
          use: 'enc',
          alg: 'ECDH-ES',
        } as Jwk;
        const responseUri = `${origin}/response`;
        const verifier = new Openid4vpVerifier({ callbacks });
        const query = {
          id: 'identity',
          format: 'dc+sd-jwt',
          meta: { vct_values: ['urn:vitap:test-identity:1'] },
          claims: [{ path: ['birthdate'] }],
        };
        const { authorizationRequest, authorizationRequestPayload } =
          await verifier.createOpenId4vpAuthorizationRequest({
            scheme: `${world.identity}/authorize`,
            authorizationRequestPayload: {
              response_type: 'vp_token',
              client_id: `redirect_uri:${responseUri}`,
              response_uri: responseUri,
              response_mode: mode,
              nonce: 'n-0S6_WzA2Mj',
              state: 'state-1',
              dcql_query: { credentials: [query] },
              client_metadata: {
                vp_formats_supported: {
                  'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] },
                },
                ...(mode === 'direct_post.jwt' && {
                  jwks: { keys: [encryptionJwk] },
                  encrypted_response_enc_values_supported: ['A128GCM'],
                }),
              },
            },
          });
        const asked = { transaction: '', authorizationRequest, returnTo: 'http://127.0.0.1/', expiresInSeconds: 600 };
        expect(requestOf(asked).claims).toEqual(['birthdate']);
        // This verifier gives no address to return to, so there is no ticket for the issuer of cards.
        await expect(consentAtTerminal(asked, async ({ people }) => people[0]!.id)).rejects.toThrow('another address');
        const decryptJwe: CallbackContext['decryptJwe'] = async (jwe) => {
          const { plaintext } = await jose.compactDecrypt(jwe, key.privateKey);
          return { decrypted: true, decryptionJwk: encryptionJwk, payload: new TextDecoder().decode(plaintext) };
        };
        const reader = new Openid4vpVerifier({ callbacks: { ...callbacks, decryptJwe } });
        const parsed = await reader.parseOpenid4vpAuthorizationResponse({
          authorizationResponse: received[0]!,
          authorizationRequestPayload: authorizationRequestPayload as Openid4vpAuthorizationRequest,
          callbacks: { ...callbacks, decryptJwe },
        });
        const presentations = (parsed.type === 'dcql' ? parsed.dcql.presentations : {}) as Record<string, string[]>;
        const library = judge(PROVIDER_KEY.jwk);
        library.config({
          kbVerifier: (data, signature, { cnf }) =>
            verifyText(crypto, data, Buffer.from(signature, 'base64url'), cnf!.jwk as unknown as P256Jwk),
        });
        const { payload, kb } = await library.verify(presentations.identity![0]!, { keyBindingNonce: 'n-0S6_WzA2Mj' });
        expect(payload).toMatchObject({ birthdate: '1975-12-31' });
        expect(payload).not.toHaveProperty('family_name');
        expect(kb?.payload.aud).toBe(`redirect_uri:${responseUri}`);
      } finally {
        await server.close();
      }
    },
  );
});
