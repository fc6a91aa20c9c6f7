import type { Crypto } from '../../hal/crypto.ts';
import {
  authorizationOf,
  type CardVerifiableCertificate,
  CertificateError,
  issueCertificate,
  parseCertificate,
} from '../../secure-channel/index.ts';

/** Whose P-256 key signs a card's data, as a card-verifiable certificate of BSI TR-03110-3 says it. */
export interface SignerCertificate {
  /** Who signed it, 42: two letters, a name, five digits. */
  readonly authority: string;
  /** Whose key it is, 5F20: the same form. */
  readonly holder: string;
  /** `04 X Y`, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** AAAAMMJJ, years 2000 to 2099. */
  readonly validFrom: string;
  readonly validTo: string;
}

/**
 * The object 7F21. The signer stands directly below its authority and has no rights: a certificate for signing data that
 * opens no card.
 */
export function issueSignerCertificate(
  crypto: Crypto,
  { authority, holder, publicKey, validFrom, validTo }: SignerCertificate,
  authorityKey: Uint8Array,
): Uint8Array {
  return issueCertificate(
    crypto,
    {
      authorityReference: ascii(authority),
      holderReference: ascii(holder),
      hash: 'sha-256',
      curve: 'P-256',
      point: publicKey,
      withDomainParameters: false,
      authorization: authorizationOf('ST', 'DV-other', []),
      effectiveDate: shortDate(validFrom),
      expirationDate: shortDate(validTo),
    },
    { hash: 'sha-256', curve: 'P-256', privateKey: authorityKey },
  );
}

/**
 * The public key in a certificate, when it is a P-256 one that `authorityPublicKey` signed; else why not. Its dates are
 * not judged.
 * @param bytes the object 7F21
 * @throws {CryptoError} a public key of the authority that is none
 */
export function checkSignerCertificate(
  crypto: Crypto,
  bytes: Uint8Array,
  authorityPublicKey: Uint8Array,
): { readonly publicKey: Uint8Array } | { readonly reason: string } {
  let certificate: CardVerifiableCertificate;
  try {
    certificate = parseCertificate(bytes);
  } catch (error) {
    if (error instanceof CertificateError) return { reason: `malformed certificate: ${error.message}` };
    throw error;
  }
  const { publicKey, body, signature } = certificate;
  if (publicKey.hash !== 'sha-256' || (publicKey.curve ?? 'P-256') !== 'P-256' || publicKey.point.length !== 65) {
    return { reason: 'the key in the certificate is not for ECDSA with SHA-256 on P-256' };
  }
  if (!crypto.ecdsaVerify('P-256', authorityPublicKey, crypto.hash('sha-256', body), signature)) {
    return { reason: 'the certificate is not signed by the test authority' };
  }
  return { publicKey: publicKey.point };
}

/** YYMMDD as a number. */
function shortDate(date: string): number {
  if (!/^20\d{6}$/.test(date)) throw new RangeError('a certificate date is 20AAMMJJ');
  return Number(date.slice(2));
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
