/**
 * Passive authentication: who signed EF.CardSecurity, and whether that one is to be believed (BSI TR-03110-3; ICAO Doc
 * 9303-11). Keys and algorithms are whatever OpenSSL has, for cards of others sign with other ones than ours.
 */
import { createHash, verify, X509Certificate } from 'node:crypto';
import { ContentInfo, SignedData, type SignerInfo } from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { TlvError, TlvReader } from '../../src/apdu/index.ts';
import { ChannelError, dottedOid, ID_SECURITY_OBJECT } from '../../src/secure-channel/index.ts';

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const OBJECT_IDENTIFIER = 0x06;
const SEQUENCE = 0x30;
const SET = 0x31;
const CONTEXT_0 = 0xa0;
/** More than any card's file has. */
const LARGEST_FILE = 65_536;

/** OpenSSL's names of the digests that CMS names by object identifier (RFC 5754; RFC 3370). */
const DIGESTS: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** The key alone: its digest is the signer's. */
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';

/** Signature algorithms whose digest is the one of their name, by OpenSSL's digest: ECDSA and RSA PKCS #1 v1.5. */
const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.1': 'sha224',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
};

export interface CardSecurity {
  /** The SecurityInfos, a SET: for parseSecurityInfos. To be used as the card's only where `doubt` is null. */
  readonly infos: Uint8Array;
  /** Subject of the document signer's certificate, in one line; null where none is in the file. */
  readonly signer: string | null;
  /** Why the file does not prove that an issuer made it; null when it does. */
  readonly doubt: string | null;
}

/**
 * Reads the file and checks its signature and its signer.
 * @param file as it was read; bytes after it are its padding
 * @param trusted X.509 certificates (DER): of signers, or of authorities that issued them
 * @param at the day on which certificates must hold
 * @throws {ChannelError} `malformed`: no SignedData with SecurityInfos
 */
export function readCardSecurity(file: Uint8Array, trusted: readonly Uint8Array[], at: Date): CardSecurity {
  const signed = signedDataOf(file);
  const content = signed.encapContentInfo.eContent?.single;
  if (content === undefined) throw malformed('it has no content of its own');
  if (signed.encapContentInfo.eContentType !== dottedOid(ID_SECURITY_OBJECT)) {
    throw malformed('its content is no SecurityInfos');
  }
  const infos = new Uint8Array(content.buffer);
  const [signer, ...others] = signed.signerInfos;
  if (signer === undefined || others.length > 0) throw malformed('it has not one signer');
  const { certificates, signedAttributes } = asMalformed(() => rawParts(file));
  const certificate = signerCertificate(certificates, signer);
  if (certificate === null) return { infos, signer: null, doubt: 'the certificate of its signer is not in it' };
  const name = certificate.subject.replaceAll('\n', ', ');
  const doubt =
    contentDoubt(signer, infos) ??
    signatureDoubt(signer, signedAttributes, certificate) ??
    signerDoubt(certificate, trusted, at);
  return { infos, signer: name, doubt };
}

function malformed(why: string, cause?: unknown): ChannelError {
  return new ChannelError('malformed', `EF.CardSecurity: ${why}`, { cause });
}

function signedDataOf(file: Uint8Array): SignedData {
  return asMalformed(() => {
    const outer = moveTo(new TlvReader(file.subarray(0, LARGEST_FILE)), SEQUENCE);
    if (outer === null) throw malformed('no SignedData');
    const info = AsnConvert.parse(objectOf(file, outer), ContentInfo);
    if (info.contentType !== SIGNED_DATA) throw malformed('no SignedData');
    return AsnConvert.parse(info.content, SignedData);
  });
}

/** Whatever a library says of bytes that are no CMS. */
function asMalformed<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ChannelError) throw cause;
    throw malformed(cause instanceof TlvError ? cause.message : 'no SignedData', cause);
  }
}

/** What signatures are over, as it stands in the file: encoded again, it may be other bytes. */
interface RawParts {
  readonly certificates: readonly Uint8Array[];
  /** The first signer's, with the tag of a SET, which is what is signed; null: it signed none. */
  readonly signedAttributes: Uint8Array | null;
}

/**
 * `SEQUENCE { signedData, [0] { SEQUENCE { version, SET, SEQUENCE content, [0] certificates, [1] CRLs, SET signers } } }`,
 * and in it the first `SEQUENCE { version, signer, digest, [0] attributes, … }`.
 */
function rawParts(file: Uint8Array): RawParts {
  const info = new TlvReader(file);
  const signed = moveTo(moveTo(moveTo(info, SEQUENCE)?.enter(), CONTEXT_0)?.enter(), SEQUENCE)?.enter();
  const certificates: Uint8Array[] = [];
  let signers: TlvReader | null = null;
  while (signed?.next()) {
    if (signed.tag === SET) signers = signed.enter();
    if (signed.tag !== CONTEXT_0) continue;
    const set = signed.enter();
    while (set.next()) if (set.tag === SEQUENCE) certificates.push(objectOf(file, set));
  }
  const attributes = moveTo(moveTo(signers, SEQUENCE)?.enter(), CONTEXT_0);
  if (attributes === null) return { certificates, signedAttributes: null };
  const signedAttributes = objectOf(file, attributes);
  signedAttributes[0] = SET;
  return { certificates, signedAttributes };
}

function moveTo(reader: TlvReader | null | undefined, tag: number): TlvReader | null {
  while (reader?.next()) if (reader.tag === tag) return reader;
  return null;
}

function objectOf(file: Uint8Array, { start, valueOffset, valueLength }: TlvReader): Uint8Array {
  return copyBytes(file, start, valueOffset + valueLength);
}

/** The certificate that the signer's identifier names. */
function signerCertificate(certificates: readonly Uint8Array[], { sid }: SignerInfo): X509Certificate | null {
  const der = certificates.find((each) => {
    let parsed: Certificate;
    try {
      parsed = AsnConvert.parse(each, Certificate);
    } catch {
      return false;
    }
    const { issuer, serialNumber, extensions } = parsed.tbsCertificate;
    const named = sid.issuerAndSerialNumber;
    if (named !== undefined) {
      return (
        same(AsnConvert.serialize(named.issuer), AsnConvert.serialize(issuer)) && same(named.serialNumber, serialNumber)
      );
    }
    const keyIdentifier = extensions?.find(({ extnID }) => extnID === SUBJECT_KEY_IDENTIFIER)?.extnValue.buffer;
    if (keyIdentifier === undefined || sid.subjectKeyIdentifier === undefined) return false;
    return same(keyIdentifier.slice(2), sid.subjectKeyIdentifier.buffer);
  });
  return der === undefined ? null : openCertificate(der);
}

function same(a: ArrayBufferLike, b: ArrayBufferLike): boolean {
  return Buffer.from(a).equals(Buffer.from(b));
}

function openCertificate(der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

/** The signed attributes are about this content. */
function contentDoubt(signer: SignerInfo, infos: Uint8Array): string | null {
  const digest = DIGESTS[signer.digestAlgorithm.algorithm];
  if (digest === undefined) return `its digest ${signer.digestAlgorithm.algorithm} is not known here`;
  const attributes = signer.signedAttrs ?? [];
  const value = (type: string): ArrayBuffer | null => {
    const [found, ...more] = attributes.filter(({ attrType }) => attrType === type);
    return found === undefined || more.length > 0 || found.attrValues.length !== 1 ? null : found.attrValues[0]!;
  };
  const [type, given] = [value(CONTENT_TYPE), value(MESSAGE_DIGEST)];
  if (type === null || given === null) return 'content type or digest are not among what was signed';
  const wanted = Uint8Array.of(OBJECT_IDENTIFIER, ID_SECURITY_OBJECT.length, ...ID_SECURITY_OBJECT);
  if (!same(type, wanted.buffer)) return 'what was signed is of another content type';
  let octets: ArrayBuffer;
  try {
    octets = AsnConvert.parse(given, OctetString).buffer;
  } catch {
    return 'its digest is malformed';
  }
  const is = createHash(digest).update(infos).digest();
  return is.equals(Buffer.from(octets)) ? null : 'its content is not what was signed';
}

function signatureDoubt(
  signer: SignerInfo,
  signedAttributes: Uint8Array | null,
  certificate: X509Certificate,
): string | null {
  if (signedAttributes === null) return 'nothing was signed';
  const algorithm = signer.signatureAlgorithm.algorithm;
  const digest = algorithm === RSA_ENCRYPTION ? DIGESTS[signer.digestAlgorithm.algorithm] : SIGNATURES[algorithm];
  if (digest === undefined) return `its signature algorithm ${algorithm} is not known here`;
  try {
    const holds = verify(digest, signedAttributes, certificate.publicKey, Buffer.from(signer.signature.buffer));
    return holds ? null : 'its signature is wrong';
  } catch {
    return "its signer's key cannot be used";
  }
}

/** The signer's certificate is trusted itself, or issued by one that is. */
function signerDoubt(certificate: X509Certificate, trusted: readonly Uint8Array[], at: Date): string | null {
  if (!holdsOn(certificate, at)) return "its signer's certificate does not hold on this day";
  for (const der of trusted) {
    const issuer = openCertificate(der);
    if (issuer === null) continue;
    if (issuer.raw.equals(certificate.raw)) return null;
    if (!issuer.ca || !certificate.checkIssued(issuer) || !isSignedBy(certificate, issuer)) continue;
    return holdsOn(issuer, at) ? null : "the certificate of its signer's issuer does not hold on this day";
  }
  return 'nobody who is trusted issued the certificate of its signer';
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function holdsOn({ validFrom, validTo }: X509Certificate, at: Date): boolean {
  return Date.parse(validFrom) <= at.getTime() && at.getTime() <= Date.parse(validTo);
}
