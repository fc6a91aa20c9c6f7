import { type Crypto, CryptoError, type CurveName } from '../../src/hal/crypto.ts';
import {
  type CardVerifiableCertificate,
  chainFrom,
  fieldLength,
  type ImportedKey,
  judgeCertificate,
  parseCertificate,
  type TrustState,
} from '../../src/secure-channel/index.ts';
import type { FoundCertificate } from './certificate-file.ts';
import { dateText } from './dates.ts';
import { referenceText } from './reference.ts';

type JudgeCrypto = Pick<Crypto, 'hash' | 'ecdsaVerify'>;

export interface SignatureFinding {
  readonly state: 'right' | 'wrong' | 'not checked';
  readonly reason: string | null;
}

export interface CertificateVerdict {
  readonly signature: SignatureFinding;
  /** Of its own domain parameters or of its issuer's; null: not known from what was given. */
  readonly curve: CurveName | null;
  /** INCONCLUSIVE: no trust anchor was given, and nothing is wrong as far as it could be seen. */
  readonly verdict: 'PASS' | 'FAIL' | 'INCONCLUSIVE';
  readonly reason: string;
}

/** What certificates are judged against: a chip that trusts this key and has this date. */
export interface TrustAnchor {
  readonly key: ImportedKey;
  readonly date: number;
}

/**
 * Judges each certificate as a chip would that gets its chain.
 * @param known all certificates that may be links of a chain, these ones too
 */
export function judgeCertificates(
  crypto: JudgeCrypto,
  shown: readonly FoundCertificate[],
  known: readonly FoundCertificate[],
  anchor: TrustAnchor | null,
): readonly CertificateVerdict[] {
  return shown.map(({ bytes, certificate }) => {
    const curve = curveOf(certificate, known);
    const signature = signatureOf(crypto, certificate, known);
    if (signature.state === 'wrong') {
      return { signature, curve, verdict: 'FAIL', reason: signature.reason ?? 'the signature is wrong' };
    }
    if (anchor === null) return { signature, curve, verdict: 'INCONCLUSIVE', reason: 'no trust anchor was given' };
    const reason = refusalOf(crypto, bytes, certificate, known, anchor);
    const words = `leads to ${referenceText(anchor.key.holderReference)} on ${dateText(anchor.date)}`;
    return { signature, curve, verdict: reason === null ? 'PASS' : 'FAIL', reason: reason ?? words };
  });
}

/** Why the chip would not take it; null when it would. */
function refusalOf(
  crypto: JudgeCrypto,
  bytes: Uint8Array,
  certificate: CardVerifiableCertificate,
  known: readonly FoundCertificate[],
  { key: anchorKey, date }: TrustAnchor,
): string | null {
  const name = referenceText(anchorKey.holderReference);
  if (isSelfSigned(certificate)) return selfSignedRefusal(certificate, known, anchorKey, name);
  const links = chainFrom(
    known.map((each) => each.bytes),
    [anchorKey.holderReference],
    certificate.authorityReference,
  );
  if (links === null) return `no chain leads from ${name} to ${referenceText(certificate.authorityReference)}`;
  let key = anchorKey;
  let state: TrustState = { trustPoints: [anchorKey], date };
  for (const link of [...links, bytes]) {
    const next = parseCertificate(link);
    const judged = judgeCertificate(crypto, state, key, next);
    if ('reason' in judged) {
      return link === bytes ? judged.reason : `${referenceText(next.holderReference)} before it: ${judged.reason}`;
    }
    key = judged.key;
    state = judged.state;
  }
  return null;
}

/** A chip never takes one of these; it is the anchor itself, or a link certificate brings the same key. */
function selfSignedRefusal(
  certificate: CardVerifiableCertificate,
  known: readonly FoundCertificate[],
  anchor: ImportedKey,
  name: string,
): string | null {
  const sameKey = (point: Uint8Array): boolean => Buffer.compare(point, certificate.publicKey.point) === 0;
  if (sameKey(anchor.point)) return null;
  const linked = known.some((each) => !isSelfSigned(each.certificate) && sameKey(each.certificate.publicKey.point));
  return linked ? null : `it is signed by itself and is not the trust anchor ${name}`;
}

function signatureOf(
  crypto: JudgeCrypto,
  certificate: CardVerifiableCertificate,
  known: readonly FoundCertificate[],
): SignatureFinding {
  const authority = referenceText(certificate.authorityReference);
  const issuers = isSelfSigned(certificate) ? [certificate] : holders(certificate.authorityReference, known);
  let wrong: string | null = null;
  for (const issuer of issuers) {
    const curve = curveOf(issuer, known);
    if (curve === null) continue;
    if (isSigned(crypto, certificate, issuer, curve)) return { state: 'right', reason: null };
    const [has, wanted] = [certificate.signature.length, 2 * fieldLength(curve)];
    // OpenPACE leaves out zeros that both r and s begin with: on P-521 every fourth time.
    wrong =
      has === wanted
        ? `the signature is not one of ${authority}`
        : `the signature has ${has} bytes, and ${wanted} on ${curve}, the curve of ${authority}`;
  }
  if (wrong !== null) return { state: 'wrong', reason: wrong };
  return { state: 'not checked', reason: `the key of ${authority} was not given` };
}

function isSigned(
  crypto: JudgeCrypto,
  { body, signature }: CardVerifiableCertificate,
  { publicKey }: CardVerifiableCertificate,
  curve: CurveName,
): boolean {
  try {
    return crypto.ecdsaVerify(curve, publicKey.point, crypto.hash(publicKey.hash, body), signature);
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

/** Its own, or inherited from those above it. */
function curveOf(certificate: CardVerifiableCertificate, known: readonly FoundCertificate[]): CurveName | null {
  const passed = new Set<string>();
  let at: CardVerifiableCertificate | undefined = certificate;
  while (at !== undefined) {
    if (at.publicKey.curve !== null) return at.publicKey.curve;
    const authority = referenceText(at.authorityReference);
    if (passed.has(authority)) return null;
    passed.add(authority);
    at = holders(at.authorityReference, known)[0];
  }
  return null;
}

function holders(reference: Uint8Array, known: readonly FoundCertificate[]): readonly CardVerifiableCertificate[] {
  return known
    .map(({ certificate }) => certificate)
    .filter(({ holderReference }) => Buffer.compare(holderReference, reference) === 0);
}

export function isSelfSigned({ authorityReference, holderReference }: CardVerifiableCertificate): boolean {
  return Buffer.compare(authorityReference, holderReference) === 0;
}
