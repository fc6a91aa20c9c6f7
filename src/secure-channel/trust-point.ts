/**
 * How a chip judges certificates, as pure functions over its trust points and its date (BSI TR-03110-3 2.5 to 2.7).
 *
 * For each certificate:
 * 1. The signature must be right under the key that its authority reference names.
 * 2. Unless it is a link certificate, it must not have expired on the chip's date; an expired trust point checks link
 *    certificates only.
 * 3. Roles follow each other: CVCA → CVCA (link) or document verifier → terminal; the terminal type is the same.
 * 4. The date goes forward to the effective date of a link, a document verifier or an accurate terminal certificate:
 *    one that an official domestic document verifier issued. It never goes back.
 * 5. A link certificate's key becomes a trust point; the two with the latest effective dates stay.
 *
 * The new state must be stored in one write before the answer goes out.
 */
import { sameBytes } from '../apdu/same-bytes.ts';
import { type Crypto, CryptoError, type CurveName, type HashName } from '../hal/crypto.ts';
import { type Authorization, type Role, roleOf } from './authorization.ts';
import type { CardVerifiableCertificate } from './card-verifiable-certificate.ts';

/** A key that was imported from a certificate, with what its certificate said. */
export interface ImportedKey {
  readonly holderReference: Uint8Array;
  readonly hash: HashName;
  readonly curve: CurveName;
  readonly point: Uint8Array;
  /** Authorizations of CVCA, document verifier and terminal, in this order, as far as this key's chain goes. */
  readonly chain: readonly Authorization[];
  readonly effectiveDate: number;
  readonly expirationDate: number;
  readonly extensions: Uint8Array | null;
}

/** What a chip keeps: trust points, the latest first, and its date, YYMMDD as a number. */
export interface TrustState {
  readonly trustPoints: readonly ImportedKey[];
  readonly date: number;
}

const MOST_TRUST_POINTS = 2;

/** What a certificate that is accepted brings. */
export interface Accepted {
  readonly key: ImportedKey;
  readonly state: TrustState;
}

/** Why a certificate is refused, in words for `explain`; the chip answers all alike, but for the signature. */
export interface Refusal {
  readonly reason: string;
  readonly signature: boolean;
}

/** The trust point of a self-signed root: for personalisation, not for what a reader sends. Its signature is checked. */
export function rootTrustPoint(
  crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>,
  certificate: CardVerifiableCertificate,
): ImportedKey | Refusal {
  const { curve } = certificate.publicKey;
  if (curve === null) return refusal('a root certificate has its domain parameters');
  if (roleOf(certificate.authorization) !== 'CVCA') return refusal('a root certificate has the role of a CVCA');
  if (!sameBytes(certificate.authorityReference, certificate.holderReference)) {
    return refusal('a root certificate is issued by its own holder');
  }
  const key = imported(certificate, curve, []);
  return isSignedBy(crypto, certificate, key) ? key : refusal('the signature is wrong', true);
}

/**
 * Judges a certificate under the key that was selected for it.
 * @param issuer a trust point of `state`, or the key that was imported last
 */
export function judgeCertificate(
  crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>,
  state: TrustState,
  issuer: ImportedKey,
  certificate: CardVerifiableCertificate,
): Accepted | Refusal {
  if (!sameBytes(certificate.authorityReference, issuer.holderReference)) {
    return refusal('its authority is not the holder of the selected key');
  }
  if (!isSignedBy(crypto, certificate, issuer)) return refusal('the signature is wrong', true);

  const authorization = certificate.authorization;
  const [role, issuerRole] = [roleOf(authorization), roleOf(lastOf(issuer.chain))];
  const link = role === 'CVCA';
  if (!mayIssue(issuerRole, role)) return refusal(`a ${issuerRole} issues no certificate of a ${role}`);
  if (authorization.type !== lastOf(issuer.chain).type) return refusal('the terminal type is not its issuer’s');

  if (certificate.effectiveDate > certificate.expirationDate) return refusal('it expires before it is effective');
  if (!link && certificate.expirationDate < state.date) return refusal('it has expired');
  if (!link && issuer.expirationDate < state.date) return refusal('the key that signed it has expired');

  const { curve, hash } = certificate.publicKey;
  if (!link) {
    if (curve !== null) return refusal('only a CVCA has domain parameters');
    if (hash !== issuer.hash) return refusal('its algorithm is not its issuer’s');
  }
  if (state.trustPoints.some(({ holderReference }) => sameBytes(holderReference, certificate.holderReference))) {
    return refusal('a trust point of this name is there already');
  }

  const chain = link ? [] : issuer.chain;
  const key = imported(certificate, curve ?? issuer.curve, chain);
  if (!isOnCurve(crypto, key)) return refusal('the public key is no point of the curve');
  const date = isTimeSource(role, issuerRole) ? Math.max(state.date, certificate.effectiveDate) : state.date;
  return { key, state: { date, trustPoints: link ? withTrustPoint(state, key) : state.trustPoints } };
}

/** Whether the effective date of such a certificate is to be trusted (BSI TR-03110-3 2.5, accurate certificates). */
function isTimeSource(role: Role, issuerRole: Role): boolean {
  return role !== 'terminal' || issuerRole === 'DV-official-domestic';
}

function mayIssue(issuer: Role, role: Role): boolean {
  if (issuer === 'CVCA') return role !== 'terminal';
  return issuer !== 'terminal' && role === 'terminal';
}

function withTrustPoint(state: TrustState, key: ImportedKey): ImportedKey[] {
  return [key, ...state.trustPoints].sort((a, b) => b.effectiveDate - a.effectiveDate).slice(0, MOST_TRUST_POINTS);
}

function imported(
  certificate: CardVerifiableCertificate,
  curve: CurveName,
  chain: readonly Authorization[],
): ImportedKey {
  return {
    holderReference: certificate.holderReference,
    hash: certificate.publicKey.hash,
    curve,
    point: certificate.publicKey.point,
    chain: [...chain, certificate.authorization],
    effectiveDate: certificate.effectiveDate,
    expirationDate: certificate.expirationDate,
    extensions: certificate.extensions,
  };
}

function isSignedBy(
  crypto: Pick<Crypto, 'hash' | 'ecdsaVerify'>,
  { body, signature }: CardVerifiableCertificate,
  { hash, curve, point }: ImportedKey,
): boolean {
  try {
    return crypto.ecdsaVerify(curve, point, crypto.hash(hash, body), signature);
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

/** A key is refused when it comes, not when it is used. Verifying anything tells whether the point is one. */
function isOnCurve(crypto: Pick<Crypto, 'ecdsaVerify'>, { curve, point }: ImportedKey): boolean {
  try {
    crypto.ecdsaVerify(curve, point, new Uint8Array(32), new Uint8Array(0));
    return true;
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

function lastOf(chain: readonly Authorization[]): Authorization {
  return chain[chain.length - 1] as Authorization;
}

function refusal(reason: string, signature = false): Refusal {
  return { reason, signature };
}
