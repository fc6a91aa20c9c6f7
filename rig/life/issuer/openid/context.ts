import type { Crypto } from '../../../../src/hal/crypto.ts';
import type { Random } from '../../../../src/hal/random.ts';
import type { Sql, Statements } from '../../../store/sql.ts';
import { base64url, type DigestSigner, type JsonObject, type P256Jwk } from '../../credential/jws.ts';
import type { DisclosureFrame } from '../../identity/sd-jwt/issue.ts';

/** What the OpenID routes need of the issuer: keys, store, clock, and its registry as functions. */
export interface OpenIdContext {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly sql: Sql;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The issuer's identifier and the beginning of all its addresses, without a slash at the end. */
  readonly origin: () => string;
  readonly signer: { readonly sign: DigestSigner; readonly kid: string; readonly publicKey: P256Jwk };
  readonly identityProviders: readonly IdentityProvider[];
  /** What a credential is about; null once the activation is unknown. */
  readonly subject: (statements: Statements, activation: string) => Promise<CredentialSubject | null>;
  /** Sends the transaction code another way than the offer goes. */
  readonly sendTransactionCode: (message: { readonly activation: string; readonly txCode: string }) => Promise<void>;
  /** Writes a line of the audit log about an activation's credential, in the transaction that decided it. */
  readonly noted: (statements: Statements, kind: CredentialEvent, activation: string) => Promise<void>;
}

/** `offered`: again, at the phone's wish; `offer-allowed`: by the operator. */
export type CredentialEvent = 'issued' | 'offered' | 'offer-allowed';

export interface IdentityProvider {
  /** `iss` of its credentials, and the beginning of its addresses. */
  readonly issuer: string;
  readonly keys: () => Promise<readonly P256Jwk[]>;
}

export interface CredentialSubject {
  /** Only an active one gets a credential. */
  readonly state: 'pending' | 'active' | 'revoked' | 'abandoned';
  /** The card's own key; null while the activation is pending. */
  readonly holderKey: P256Jwk | null;
  /** The content of the card, from the function that the card's personalisation uses too. */
  readonly claims: JsonObject;
  readonly frame: DisclosureFrame;
  readonly status: { readonly uri: string; readonly idx: number };
}

const SECRET_SIZE = 32;

/** 256 random bits, base64url: codes, tokens. */
export function newSecret(random: Random): string {
  return base64url(randomBytes(random, SECRET_SIZE));
}

export function randomBytes(random: Random, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  random.fill(bytes, 0, size);
  return bytes;
}

/** How a secret stands in the database. */
export function hashOf(crypto: Pick<Crypto, 'hash'>, secret: string): Uint8Array {
  return crypto.hash('sha-256', new TextEncoder().encode(secret));
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0);
  return difference === 0;
}
