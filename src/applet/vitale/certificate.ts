import { findTlv, TlvWriter } from '../../apdu/index.ts';
import { sameBytes } from '../../apdu/same-bytes.ts';
import type { Crypto } from '../../hal/crypto.ts';

/**
 * A card-verifiable certificate for an ECDSA P-256 key, laid out as ISO/IEC 7816-8 and its users do:
 * `7F21 { 7F4E { 5F29, 42, 7F49 { 06, 86 }, 5F20, 5F25, 5F24 } 5F37 }`.
 */
export interface Certificate {
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

export const CERTIFICATE_TAG = 0x7f21;
const BODY = 0x7f4e;
const SIGNATURE = 0x5f37;
/** ecdsa-with-SHA256, 1.2.840.10045.4.3.2; the curve is P-256. */
const ECDSA_WITH_SHA_256 = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);

/** The certificate, signed over the whole of its 7F4E (tag and length too) with SHA-256. */
export function issueCertificate(crypto: Crypto, certificate: Certificate, authorityKey: Uint8Array): Uint8Array {
  const body = encodeBody(certificate);
  const signature = crypto.ecdsaSign('P-256', authorityKey, crypto.hash('sha-256', body));
  const writer = new TlvWriter(body.length + 96);
  writer.open(CERTIFICATE_TAG);
  writer.raw(body);
  writer.primitive(SIGNATURE, signature);
  writer.close();
  return writer.finish();
}

/**
 * The public key in a certificate (the value of 7F21), when it is a P-256 one that `authorityPublicKey` signed;
 * else why not. Its dates are not judged.
 * @throws {TlvError} malformed
 */
export function checkCertificate(
  crypto: Crypto,
  certificate: Uint8Array,
  authorityPublicKey: Uint8Array,
): { readonly publicKey: Uint8Array } | { readonly reason: string } {
  const body = findTlv(certificate, BODY);
  const signature = findTlv(certificate, SIGNATURE);
  const key = body === null ? null : findTlv(body, 0x7f49);
  const algorithm = key === null ? null : findTlv(key, 0x06);
  const publicKey = key === null ? null : findTlv(key, 0x86);
  if (body === null || signature === null || publicKey === null) return { reason: 'the certificate is not complete' };
  if (algorithm === null || !sameBytes(algorithm, ECDSA_WITH_SHA_256) || publicKey.length !== 65) {
    return { reason: 'the key in the certificate is not for ECDSA with SHA-256 on P-256' };
  }
  const writer = new TlvWriter(body.length + 8);
  writer.primitive(BODY, body);
  const digest = crypto.hash('sha-256', writer.finish());
  if (!crypto.ecdsaVerify('P-256', authorityPublicKey, digest, signature)) {
    return { reason: 'the certificate is not signed by the test authority' };
  }
  return { publicKey };
}

function encodeBody(certificate: Certificate): Uint8Array {
  const writer = new TlvWriter(256);
  writer.open(BODY);
  writer.number(0x5f29, 0, 1);
  writer.primitive(0x42, ascii(certificate.authority));
  writer.open(0x7f49);
  writer.primitive(0x06, ECDSA_WITH_SHA_256);
  writer.primitive(0x86, certificate.publicKey);
  writer.close();
  writer.primitive(0x5f20, ascii(certificate.holder));
  writer.primitive(0x5f25, shortDate(certificate.validFrom));
  writer.primitive(0x5f24, shortDate(certificate.validTo));
  writer.close();
  return writer.finish();
}

/** Six bytes of one digit each, AAMMJJ. */
function shortDate(date: string): Uint8Array {
  if (!/^20\d{6}$/.test(date)) throw new RangeError('a certificate date is 20AAMMJJ');
  return Uint8Array.from(date.slice(2), Number);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
