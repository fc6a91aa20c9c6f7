import type { Crypto } from '../../../../src/hal/crypto.ts';
import { type P256Jwk, type ReadJws, readJws, readP256Jwk, verifyJws } from '../../credential/jws.ts';
import { PROOF_MAX_AGE_SECONDS, SKEW_SECONDS } from './limits.ts';
import { OpenIdRefusal } from './refusals.ts';

/** A key proof of type `jwt` (OpenID4VCI 1.0): the card shows its key and signs with it, for this issuer and now. */
export interface KeyProof {
  readonly key: P256Jwk;
  /** Still to be judged and used up. */
  readonly nonce: string;
}

/** @param proofs the member `proofs` of the request. @param now seconds since 1970. @throws {OpenIdRefusal} */
export function readKeyProof(
  crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>,
  proofs: Readonly<Record<string, unknown>> | undefined,
  issuer: string,
  now: number,
): KeyProof {
  const jwts = proofs?.jwt;
  if (proofs === undefined || Object.keys(proofs).length !== 1 || !Array.isArray(jwts) || jwts.length !== 1) {
    throw new OpenIdRefusal('proof-missing');
  }
  const { jws, key } = readProof(jwts[0]);
  const { aud, iat, iss, nonce } = jws.payload;
  // Tokens are given without knowing the client, and then the standard allows no `iss`.
  if (iss !== undefined || typeof iat !== 'number' || !Number.isFinite(iat)) throw new OpenIdRefusal('proof-malformed');
  if (!verifyJws(crypto, jws, key)) throw new OpenIdRefusal('proof-signature');
  if (aud !== issuer) throw new OpenIdRefusal('proof-audience');
  if (iat > now + SKEW_SECONDS) throw new OpenIdRefusal('proof-in-future');
  if (iat < now - PROOF_MAX_AGE_SECONDS) throw new OpenIdRefusal('proof-stale');
  if (typeof nonce !== 'string') throw new OpenIdRefusal('nonce-missing');
  return { key, nonce };
}

function readProof(text: unknown): { readonly jws: ReadJws; readonly key: P256Jwk } {
  if (typeof text !== 'string') throw new OpenIdRefusal('proof-malformed');
  try {
    const jws = readJws(text, { typ: 'openid4vci-proof+jwt' });
    // One key and one way to name it.
    if ('kid' in jws.header || 'x5c' in jws.header) throw new OpenIdRefusal('proof-malformed');
    return { jws, key: readP256Jwk(jws.header.jwk) };
  } catch (cause) {
    throw cause instanceof OpenIdRefusal ? cause : new OpenIdRefusal('proof-malformed', { cause });
  }
}
