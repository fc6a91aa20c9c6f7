import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { Random } from '../../../../src/hal/random.ts';
import { type DigestSigner, type P256Jwk, pointToJwk, softwareSigner } from '../../credential/jws.ts';
import { IDENTITY_VCT } from '../claims.ts';
import type { AuthorizationRequest } from '../openid4vp/request.ts';
import { issueSdJwtVc, presentSdJwtVc } from '../sd-jwt/issue.ts';
import type { Person } from './people.ts';

/**
 * Both halves of a digital identity: who certifies it, and the wallet that holds it. Each presentation has a credential
 * of its own with a new key, so that two verifiers cannot tell by digests or keys that they saw the same person.
 */
export interface IdentityIssuer {
  readonly crypto: Crypto;
  readonly random: Random;
  /** Identifier and beginning of all addresses of the provider. */
  readonly origin: string;
  readonly sign: DigestSigner;
  readonly kid: string;
}

const CREDENTIAL_SECONDS = 24 * 60 * 60;
const SEED_SIZE = 40;

/** All claims of the credential, in the order of the consent page. */
export const IDENTITY_CLAIMS = ['family_name', 'given_name', 'birthdate', 'birth_place_code', 'sex'] as const;
export type IdentityClaim = (typeof IDENTITY_CLAIMS)[number];

export function claimsOf(person: Person): Readonly<Record<IdentityClaim, string | number>> {
  return {
    family_name: person.familyName,
    given_name: person.givenName,
    birthdate: person.birthDate,
    birth_place_code: person.birthPlaceCode,
    sex: person.sex,
  };
}

export interface WalletCredential {
  readonly credential: string;
  readonly holder: { readonly sign: DigestSigner; readonly publicKey: P256Jwk };
}

/** @param now seconds since 1970 */
export async function issueIdentity(issuer: IdentityIssuer, person: Person, now: number): Promise<WalletCredential> {
  const { crypto, random } = issuer;
  const seed = new Uint8Array(SEED_SIZE);
  random.fill(seed, 0, SEED_SIZE);
  const privateKey = crypto.privateKey('P-256', seed);
  const publicKey = pointToJwk(crypto.publicKey('P-256', privateKey));
  const credential = await issueSdJwtVc({
    crypto,
    random,
    sign: issuer.sign,
    kid: issuer.kid,
    draft: {
      vct: IDENTITY_VCT,
      iss: issuer.origin,
      // A time of the second would join the presentations of one minute to each other.
      iat: now - (now % CREDENTIAL_SECONDS),
      exp: now - (now % CREDENTIAL_SECONDS) + 2 * CREDENTIAL_SECONDS,
      holderKey: publicKey,
      status: null,
      claims: claimsOf(person),
      frame: { _sd: IDENTITY_CLAIMS },
    },
  });
  return { credential, holder: { sign: softwareSigner(crypto, privateKey), publicKey } };
}

/** The presentation that a request asked for. @param now seconds since 1970 */
export function presentIdentity(
  crypto: Pick<Crypto, 'hash'>,
  { credential, holder }: WalletCredential,
  request: Pick<AuthorizationRequest, 'claims' | 'clientId' | 'nonce'>,
  now: number,
): Promise<string> {
  return presentSdJwtVc({
    crypto,
    credential,
    disclose: Object.fromEntries(request.claims.map((name) => [name, true])),
    sign: holder.sign,
    audience: request.clientId,
    nonce: request.nonce,
    now,
  });
}
