import { ECDSASigValue } from '@peculiar/asn1-ecc';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
} from '@peculiar/asn1-x509';
import type { Crypto } from '../../src/hal/crypto.ts';

/**
 * X.509 certificates (RFC 5280) of those who sign EF.CardSecurity: keys on P-256, ecdsa-with-SHA256. Signatures are made
 * here, since Node's own cryptography would draw a new one each time, and a card of a seed must be the same each time.
 */

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const P_256 = '06082A8648CE3D030107';
const COUNTRY = '2.5.4.6';
const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA_256 = '1.2.840.10045.4.3.2';

export const CURVE = 'P-256';

type SignCrypto = Pick<Crypto, 'hash' | 'publicKey' | 'ecdsaSign'>;

export interface X509Holder {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly privateKey: Uint8Array;
}

export interface X509Fields {
  readonly commonName: string;
  /** From 1 to 127, unique for its issuer. */
  readonly serialNumber: number;
  /** It signs certificates; else it signs files. */
  readonly authority: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate, signed by `issuer`, or by itself. */
export function issueX509(
  crypto: SignCrypto,
  fields: X509Fields,
  privateKey: Uint8Array,
  issuer: X509Holder | null,
): X509Holder {
  const publicKey = crypto.publicKey(CURVE, privateKey);
  const subject = name(fields.commonName);
  const body = new TBSCertificate({
    version: 2,
    serialNumber: Uint8Array.of(fields.serialNumber).buffer,
    signature: ecdsaWithSha256(),
    issuer: issuer === null ? subject : AsnConvert.parse(issuer.certificate, Certificate).tbsCertificate.subject,
    validity: new Validity({ notBefore: fields.notBefore, notAfter: fields.notAfter }),
    subject,
    subjectPublicKeyInfo: new SubjectPublicKeyInfo({
      algorithm: new AlgorithmIdentifier({ algorithm: EC_PUBLIC_KEY, parameters: bytesOf(Buffer.from(P_256, 'hex')) }),
      subjectPublicKey: bytesOf(publicKey),
    }),
    extensions: extensionsOf(fields.authority, crypto.hash('sha-1', publicKey)),
  });
  const signer = issuer?.privateKey ?? privateKey;
  const certificate = new Certificate({
    tbsCertificate: body,
    signatureAlgorithm: ecdsaWithSha256(),
    signatureValue: ecdsa(crypto, signer, new Uint8Array(AsnConvert.serialize(body))),
  });
  return { certificate: new Uint8Array(AsnConvert.serialize(certificate)), privateKey };
}

export function ecdsaWithSha256(): AlgorithmIdentifier {
  return new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA_256 });
}

/** A signature with SHA-256 as X.509 and CMS have it: SEQUENCE { r, s }. */
export function ecdsa(crypto: SignCrypto, privateKey: Uint8Array, data: Uint8Array): ArrayBuffer {
  const signature = crypto.ecdsaSign(CURVE, privateKey, crypto.hash('sha-256', data));
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map(integer) as [ArrayBuffer, ArrayBuffer];
  return AsnConvert.serialize(new ECDSASigValue({ r, s }));
}

/** The bytes of an INTEGER: the fewest, and positive. */
function integer(number: Uint8Array): ArrayBuffer {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start++;
  const sign = ((number[start] as number) & 0x80) === 0 ? [] : [0];
  return Uint8Array.of(...sign, ...number.subarray(start)).buffer;
}

function extensionsOf(authority: boolean, keyIdentifier: Uint8Array): Extensions {
  const usage = authority ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
  const identifier = new SubjectKeyIdentifier(bytesOf(keyIdentifier));
  return new Extensions([
    ...(authority
      ? [extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 }))]
      : []),
    extension(id_ce_keyUsage, true, new KeyUsage(usage)),
    extension(id_ce_subjectKeyIdentifier, false, identifier),
  ]);
}

function extension(extnID: string, critical: boolean, value: unknown): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function name(commonName: string): Name {
  return new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: COUNTRY, value: new AttributeValue({ printableString: 'FR' }) }),
    ]),
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: COMMON_NAME, value: new AttributeValue({ utf8String: commonName }) }),
    ]),
  ]);
}

/** Bytes in a buffer of their own. */
export function bytesOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
