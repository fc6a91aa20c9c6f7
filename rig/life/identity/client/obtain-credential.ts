import * as z from 'zod';
import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { FetchLimits } from '../../../web/limited-fetch.ts';
import {
  type DigestSigner,
  type JsonObject,
  jwkThumbprint,
  type P256Jwk,
  readP256Jwk,
  signJws,
} from '../../credential/jws.ts';
import { SdJwtRefusal } from '../sd-jwt/refusals.ts';
import { verifySdJwtVc } from '../sd-jwt/verify.ts';
import { OpenIdDistrusted, openIdCall } from './openid-call.ts';

/**
 * The card's credential by OpenID4VCI 1.0, at one issuer that is named beforehand: an offer, metadata or an address of
 * somebody else ends it (mix-up), and what comes is judged before it is kept.
 */

export interface HolderKey {
  readonly publicKey: P256Jwk;
  /** The card's signature after the code. */
  readonly sign: DigestSigner;
}

export interface CredentialOrder {
  readonly crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>;
  /** Origin of the issuer that the phone belongs to. */
  readonly issuer: string;
  readonly vct: string;
  readonly holder: HolderKey;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of the token for the next renewal as soon as it comes: the one before is spent, whatever happens afterwards. */
  readonly onRefreshToken?: (token: string) => void;
  readonly limits?: FetchLimits;
}

export interface ObtainedCredential {
  /** SD-JWT VC with all disclosures. */
  readonly credential: string;
  readonly claims: JsonObject;
  /** For `renewCredential`, once. */
  readonly refreshToken: string;
}

const PRE_AUTHORIZED_GRANT = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';

const token = z.string().min(1).max(4000);
const OFFER = z.looseObject({
  credential_issuer: z.string(),
  credential_configuration_ids: z.array(z.string()).min(1).max(20),
  grants: z.looseObject({ [PRE_AUTHORIZED_GRANT]: z.looseObject({ 'pre-authorized_code': token }) }),
});
const ISSUER_METADATA = z.looseObject({
  credential_issuer: z.string(),
  credential_endpoint: z.url(),
  nonce_endpoint: z.url(),
  credential_configurations_supported: z.record(z.string(), z.looseObject({ format: z.string() })),
});
const SERVER_METADATA = z.looseObject({ issuer: z.string(), token_endpoint: z.url() });
const ISSUER_KEYS = z.looseObject({
  issuer: z.string(),
  jwks: z.looseObject({ keys: z.array(z.unknown()).min(1).max(20) }),
});
const TOKENS = z.looseObject({
  access_token: token,
  token_type: z.string().regex(/^bearer$/i),
  refresh_token: token,
});
const NONCE = z.looseObject({ c_nonce: token });
const CREDENTIALS = z.looseObject({ credentials: z.array(z.looseObject({ credential: z.string() })).length(1) });

/**
 * @param order `offer`: the object, or the link `openid-credential-offer://` that holds it
 * @throws as {@link openIdCall}; an offer or an answer of somebody else
 */
export async function obtainCredential(
  order: CredentialOrder & { readonly offer: unknown; readonly txCode: string },
): Promise<ObtainedCredential> {
  const offer = OFFER.safeParse(typeof order.offer === 'string' ? offerOfLink(order.offer) : order.offer);
  if (!offer.success) throw new OpenIdDistrusted('the offer is not one of OpenID4VCI with a pre-authorized code');
  const { credential_issuer: issuer, credential_configuration_ids: ids, grants } = offer.data;
  if (issuer !== order.issuer) throw new OpenIdDistrusted('the offer is of another issuer');
  const grant = new URLSearchParams({
    grant_type: PRE_AUTHORIZED_GRANT,
    'pre-authorized_code': grants[PRE_AUTHORIZED_GRANT]['pre-authorized_code'],
    tx_code: order.txCode,
  });
  return credentialFor(order, grant, ids);
}

/** The offer by value in a link `openid-credential-offer://?credential_offer=…`, or null. */
function offerOfLink(link: string): unknown {
  try {
    const url = new URL(link);
    const offer = url.protocol === 'openid-credential-offer:' ? url.searchParams.get('credential_offer') : null;
    return JSON.parse(offer ?? 'null');
  } catch {
    return null;
  }
}

/** A new credential for the same key before the old one expires. @throws as {@link obtainCredential} */
export function renewCredential(
  order: CredentialOrder & { readonly refreshToken: string },
): Promise<ObtainedCredential> {
  const grant = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: order.refreshToken });
  return credentialFor(order, grant, null);
}

async function credentialFor(
  order: CredentialOrder,
  grant: URLSearchParams,
  offered: readonly string[] | null,
): Promise<ObtainedCredential> {
  const { limits = {} } = order;
  const endpoints = await findEndpoints(order, offered);
  const tokens = await openIdCall({ url: endpoints.token, body: grant }, TOKENS, limits);
  order.onRefreshToken?.(tokens.refresh_token);
  const { c_nonce: nonce } = await openIdCall({ url: endpoints.nonce, body: new URLSearchParams() }, NONCE, limits);
  const proof = await signJws({
    crypto: order.crypto,
    header: { typ: 'openid4vci-proof+jwt', jwk: order.holder.publicKey },
    payload: { aud: order.issuer, iat: Math.floor(order.now() / 1000), nonce },
    sign: order.holder.sign,
  });
  const answer = await openIdCall(
    {
      url: endpoints.credential,
      accessToken: tokens.access_token,
      body: { credential_configuration_id: endpoints.configuration, proofs: { jwt: [proof] } },
    },
    CREDENTIALS,
    limits,
  );
  const credential = answer.credentials[0]!.credential;
  return { credential, refreshToken: tokens.refresh_token, claims: await judge(order, credential) };
}

async function findEndpoints(order: CredentialOrder, offered: readonly string[] | null) {
  const { issuer, limits = {} } = order;
  const metadata = await openIdCall(
    { url: `${issuer}/.well-known/openid-credential-issuer`, body: null },
    ISSUER_METADATA,
    limits,
  );
  const server = await openIdCall(
    { url: `${issuer}/.well-known/oauth-authorization-server`, body: null },
    SERVER_METADATA,
    limits,
  );
  if (metadata.credential_issuer !== issuer || server.issuer !== issuer) {
    throw new OpenIdDistrusted(`${issuer} describes another issuer`);
  }
  const { credential_endpoint: credential, nonce_endpoint: nonce } = metadata;
  const endpoints = { credential, nonce, token: server.token_endpoint };
  // Tokens and proofs are for this issuer: an address elsewhere would take them there.
  if (Object.values(endpoints).some((address) => new URL(address).origin !== issuer)) {
    throw new OpenIdDistrusted(`${issuer} names an endpoint at another address`);
  }
  const configuration = Object.entries(metadata.credential_configurations_supported).find(
    ([id, { format, vct }]) =>
      format === 'dc+sd-jwt' && vct === order.vct && (offered === null || offered.includes(id)),
  );
  if (configuration === undefined) throw new OpenIdDistrusted(`${issuer} offers no credential of type ${order.vct}`);
  return { ...endpoints, configuration: configuration[0] };
}

/** The credential is the issuer's, of this type, and bound to this key. */
async function judge(order: CredentialOrder, credential: string): Promise<JsonObject> {
  const { crypto, issuer, vct, holder, limits = {} } = order;
  const published = await openIdCall({ url: `${issuer}/.well-known/jwt-vc-issuer`, body: null }, ISSUER_KEYS, limits);
  if (published.issuer !== issuer) throw new OpenIdDistrusted(`${issuer} describes another issuer`);
  try {
    const keys = published.jwks.keys.map(readP256Jwk);
    const { claims, holderKey } = await verifySdJwtVc({
      crypto,
      text: credential,
      now: Math.floor(order.now() / 1000),
      issuerKeys: (name) => (name === issuer ? keys : []),
      binding: 'absent',
      vct,
    });
    if (holderKey === null || jwkThumbprint(crypto, holderKey) !== jwkThumbprint(crypto, holder.publicKey)) {
      throw new OpenIdDistrusted('the credential is bound to another key than the card’s');
    }
    return claims;
  } catch (cause) {
    if (cause instanceof OpenIdDistrusted) throw cause;
    const why = cause instanceof SdJwtRefusal ? cause.message : 'its keys cannot be read';
    throw new OpenIdDistrusted(`the credential of ${issuer} is not believed: ${why}`, { cause });
  }
}
