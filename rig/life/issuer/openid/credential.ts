import type { Statements } from '../../../store/sql.ts';
import { jwkThumbprint, type P256Jwk } from '../../credential/jws.ts';
import { issueSdJwtVc } from '../../identity/sd-jwt/issue.ts';
import type { CredentialSubject, OpenIdContext } from './context.ts';
import { CREDENTIAL_SECONDS } from './limits.ts';
import { CARD_VCT, CREDENTIAL_CONFIGURATION_ID } from './metadata.ts';
import type { Nonces } from './nonce.ts';
import { readKeyProof } from './proof.ts';
import { OpenIdRefusal } from './refusals.ts';

/** The credential endpoint: the card's content, bound to the card's own key. */

export interface CredentialRequest {
  readonly credential_configuration_id?: string | undefined;
  readonly credential_identifier?: string | undefined;
  readonly proofs?: Readonly<Record<string, unknown>> | undefined;
}

/** @returns the SD-JWT VC. @throws {OpenIdRefusal} */
export async function issueCardCredential(
  context: OpenIdContext,
  nonces: Nonces,
  activation: string,
  request: CredentialRequest,
): Promise<string> {
  if (request.credential_identifier !== undefined) throw new OpenIdRefusal('credential-unknown');
  if (request.credential_configuration_id !== CREDENTIAL_CONFIGURATION_ID)
    throw new OpenIdRefusal('credential-unknown');
  const now = Math.floor(context.now() / 1000);
  const { key, nonce } = readKeyProof(context.crypto, request.proofs, context.origin(), now);
  const outcome = await context.sql.transaction(async (statements) => {
    await nonces.use(statements, nonce, context.now());
    // From here on a refusal is given back, so that the nonce stays used.
    const subject = await context.subject(statements, activation);
    if (subject === null || subject.state !== 'active') return new OpenIdRefusal('credential-refused');
    const refused = await refusedKey(context, statements, activation, subject, key);
    if (refused !== null) return refused;
    await context.noted(statements, 'issued', activation);
    return subject;
  });
  if (outcome instanceof OpenIdRefusal) throw outcome;
  return issueSdJwtVc({
    crypto: context.crypto,
    random: context.random,
    sign: context.signer.sign,
    kid: context.signer.kid,
    draft: {
      vct: CARD_VCT,
      iss: context.origin(),
      iat: now,
      exp: now + CREDENTIAL_SECONDS,
      holderKey: key,
      status: outcome.status,
      claims: outcome.claims,
      frame: outcome.frame,
    },
  });
}

/** A key belongs to one activation and an activation to one key, from the first credential on. */
async function refusedKey(
  { crypto }: OpenIdContext,
  statements: Statements,
  activation: string,
  subject: CredentialSubject,
  key: P256Jwk,
): Promise<OpenIdRefusal | null> {
  const thumbprint = jwkThumbprint(crypto, key);
  if (subject.holderKey !== null && jwkThumbprint(crypto, subject.holderKey) !== thumbprint) {
    return new OpenIdRefusal('proof-key-changed');
  }
  await statements.query(
    'insert into openid_proof_keys (thumbprint, activation) values ($1, $2) on conflict do nothing',
    [thumbprint, activation],
  );
  const rows = await statements.query<{ thumbprint: string; activation: string }>(
    'select thumbprint, activation from openid_proof_keys where thumbprint = $1 or activation = $2',
    [thumbprint, activation],
  );
  if (rows.some((row) => row.thumbprint === thumbprint && row.activation !== activation)) {
    return new OpenIdRefusal('proof-key-used');
  }
  return rows.length === 1 && rows[0]?.thumbprint === thumbprint ? null : new OpenIdRefusal('proof-key-changed');
}
