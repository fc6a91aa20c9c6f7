import type { JsonObject } from '../../credential/jws.ts';

/** What the issuer publishes about itself (OpenID4VCI 1.0, RFC 8414, SD-JWT VC). */

export const PRE_AUTHORIZED_GRANT = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';
export const CREDENTIAL_CONFIGURATION_ID = 'vitap-test-card';
/** Type of the card's credential (`vct`). */
export const CARD_VCT = 'urn:vitap:test-card:1';

export const PATHS = {
  issuerMetadata: '/.well-known/openid-credential-issuer',
  serverMetadata: '/.well-known/oauth-authorization-server',
  issuerKeys: '/.well-known/jwt-vc-issuer',
  token: '/openid/token',
  nonce: '/openid/nonce',
  credential: '/openid/credential',
} as const;

export function issuerMetadata(origin: string): JsonObject {
  return {
    credential_issuer: origin,
    credential_endpoint: origin + PATHS.credential,
    nonce_endpoint: origin + PATHS.nonce,
    display: [
      { name: 'Vitap test issuer', locale: 'en' },
      { name: 'Émetteur d’essai Vitap', locale: 'fr' },
    ],
    credential_configurations_supported: {
      [CREDENTIAL_CONFIGURATION_ID]: {
        format: 'dc+sd-jwt',
        vct: CARD_VCT,
        cryptographic_binding_methods_supported: ['jwk'],
        credential_signing_alg_values_supported: ['ES256'],
        proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256'] } },
        credential_metadata: {
          display: [
            { name: 'Test card', locale: 'en' },
            { name: 'Carte d’essai', locale: 'fr' },
          ],
        },
      },
    },
  };
}

export function serverMetadata(origin: string): JsonObject {
  return {
    issuer: origin,
    token_endpoint: origin + PATHS.token,
    grant_types_supported: [PRE_AUTHORIZED_GRANT, 'refresh_token'],
    token_endpoint_auth_methods_supported: ['none'],
    'pre-authorized_grant_anonymous_access_supported': true,
  };
}
