/**
 * Card-verifiable certificates of BSI TR-03110-3, appendix C and D:
 *
 * ```
 * 7F21 { 7F4E { 5F29 profile 00, 42 authority, 7F49 { 06, [81 p 82 a 83 b 84 G 85 r] 86 Y [87 f] }, 5F20 holder,
 *               7F4C { 06, 53 }, 5F25 effective, 5F24 expiry, [65 extensions] },
 *        5F37 signature r ‖ s over the whole object 7F4E }
 * ```
 *
 * Only ECDSA on the curves of domain-parameters.ts. Domain parameters are the root's; the others inherit them.
 */
import { copyBytes } from '../apdu/copy-bytes.ts';
import { TlvError, TlvReader, TlvWriter } from '../apdu/index.ts';
import type { Crypto, CurveName, HashName } from '../hal/crypto.ts';
import { type Authorization, CHAT, encodeAuthorization, parseAuthorization } from './authorization.ts';
import { domainParameters, knownCurve, withoutLeadingZeros } from './domain-parameters.ts';
import { terminalAuthenticationHash, terminalAuthenticationOid } from './object-identifier.ts';

export const CERTIFICATE = 0x7f21;
export const CERTIFICATE_BODY = 0x7f4e;
export const CERTIFICATE_SIGNATURE = 0x5f37;
const PROFILE = 0x5f29;
const AUTHORITY_REFERENCE = 0x42;
const PUBLIC_KEY = 0x7f49;
const HOLDER_REFERENCE = 0x5f20;
const EFFECTIVE_DATE = 0x5f25;
const EXPIRATION_DATE = 0x5f24;
const EXTENSIONS = 0x65;
/** More than any certificate with extensions has; longer ones are not read. */
export const LARGEST_CERTIFICATE = 4096;
/** Characters of a reference: country 2, name 9, number 5 (BSI TR-03110-3 A.7.1, table 15). */
export const LONGEST_REFERENCE = 16;

/** Why bytes are no certificate that this room can use. */
export class CertificateError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CertificateError';
  }
}

export interface CertificatePublicKey {
  /** Hash of the signatures that this key verifies. */
  readonly hash: HashName;
  /** From the domain parameters in the certificate; null where they are to be inherited. */
  readonly curve: CurveName | null;
  /** `04 X Y`; only on use it is known whether it is on the curve. */
  readonly point: Uint8Array;
}

export interface CardVerifiableCertificate {
  /** The object 7F4E, tag and length too: what is signed. */
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  readonly authorityReference: Uint8Array;
  readonly holderReference: Uint8Array;
  readonly publicKey: CertificatePublicKey;
  readonly authorization: Authorization;
  /** YYMMDD as a number, 20YY. */
  readonly effectiveDate: number;
  readonly expirationDate: number;
  /** Value of 65, or null. Unknown extensions never make a certificate bad. */
  readonly extensions: Uint8Array | null;
}

/**
 * @param bytes an object 7F21, or what PSO: VERIFY CERTIFICATE carries, 7F4E and 5F37. All of it is copied.
 * @throws {CertificateError} malformed, incomplete, or of an algorithm or a curve that is not built here
 */
export function parseCertificate(bytes: Uint8Array): CardVerifiableCertificate {
  if (bytes.length > LARGEST_CERTIFICATE) throw new CertificateError(`a certificate of ${bytes.length} bytes`);
  try {
    const outer = new TlvReader(bytes);
    const first = outer.next() ? outer.tag : 0;
    if (first !== CERTIFICATE) return parseParts(new TlvReader(bytes), bytes);
    const certificate = parseParts(outer.enter(), bytes);
    if (outer.next()) throw new CertificateError('something follows the certificate');
    return certificate;
  } catch (error) {
    if (error instanceof TlvError) throw new CertificateError(`certificate: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Who signed a certificate, and whose it is. */
export type CertificateReferences = Pick<CardVerifiableCertificate, 'authorityReference' | 'holderReference'>;

/**
 * The two names alone: what a terminal needs to send a certificate, which the chip judges.
 * @param bytes as of {@link parseCertificate}; the names are views of it
 * @throws {CertificateError} malformed as far as the names, or without them
 */
export function certificateReferences(bytes: Uint8Array): CertificateReferences {
  try {
    const outer = new TlvReader(bytes);
    const parts = outer.next() && outer.tag === CERTIFICATE ? outer.enter() : new TlvReader(bytes);
    expectNext(parts, CERTIFICATE_BODY);
    const fields = parts.enter();
    let authorityReference: Uint8Array | null = null;
    while (fields.next()) {
      if (fields.tag === AUTHORITY_REFERENCE) authorityReference = fields.value();
      else if (fields.tag === HOLDER_REFERENCE && authorityReference !== null) {
        return { authorityReference, holderReference: fields.value() };
      }
    }
  } catch (error) {
    if (error instanceof TlvError) throw new CertificateError(`certificate: ${error.message}`, { cause: error });
    throw error;
  }
  throw new CertificateError('the certificate does not name its authority and its holder');
}

function parseParts(parts: TlvReader, bytes: Uint8Array): CardVerifiableCertificate {
  expectNext(parts, CERTIFICATE_BODY);
  const body = copyBytes(bytes, parts.start, parts.valueOffset + parts.valueLength);
  const fields = parts.enter();
  expectNext(parts, CERTIFICATE_SIGNATURE);
  const signature = copyBytes(parts.value());
  if (parts.next()) throw new CertificateError('something follows the signature');

  const profile = expectNext(fields, PROFILE);
  if (profile.length !== 1 || profile[0] !== 0) throw new CertificateError('the profile is not version 1 (00)');
  const authorityReference = reference(expectNext(fields, AUTHORITY_REFERENCE));
  expectNext(fields, PUBLIC_KEY);
  const publicKey = parsePublicKey(fields.enter());
  const holderReference = reference(expectNext(fields, HOLDER_REFERENCE));
  const authorization = parseAuthorization(expectNext(fields, CHAT));
  if (authorization === null) throw new CertificateError('the holder authorization template is none of IS, AT and ST');
  const effectiveDate = parseDate(expectNext(fields, EFFECTIVE_DATE));
  const expirationDate = parseDate(expectNext(fields, EXPIRATION_DATE));
  let extensions: Uint8Array | null = null;
  if (fields.next()) {
    if (fields.tag !== EXTENSIONS) throw new CertificateError(`tag ${hexTag(fields.tag)} has no place in the body`);
    extensions = copyBytes(fields.value());
    if (fields.next()) throw new CertificateError('something follows the extensions');
  }
  return {
    body,
    signature,
    authorityReference,
    holderReference,
    publicKey,
    authorization,
    effectiveDate,
    expirationDate,
    extensions,
  };
}

function parsePublicKey(key: TlvReader): CertificatePublicKey {
  const oid = expectNext(key, 0x06);
  const hash = terminalAuthenticationHash(oid);
  if (hash === null) throw new CertificateError('the public key is for another algorithm than ECDSA');
  const values = new Map<number, Uint8Array>();
  let before = 0;
  while (key.next()) {
    if (key.tag <= before || key.tag < 0x81 || key.tag > 0x87) {
      throw new CertificateError('the objects of the public key are out of order');
    }
    before = key.tag;
    values.set(key.tag, key.value());
  }
  const [prime, a, b, generator, order, point, cofactor] = [0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87].map((tag) =>
    values.get(tag),
  );
  if (point === undefined) throw new CertificateError('the public key has no point');
  const parameters = [prime, a, b, generator, order];
  if (parameters.every((value) => value === undefined)) {
    if (cofactor !== undefined) throw new CertificateError('a cofactor without domain parameters');
    return { hash, curve: null, point: copyBytes(point) };
  }
  if (!prime || !a || !b || !generator || !order) throw new CertificateError('domain parameters are all there or none');
  if (cofactor !== undefined && (cofactor.length !== 1 || cofactor[0] !== 1)) {
    throw new CertificateError('the cofactor is not 1');
  }
  const curve = knownCurve({ prime, a, b, generator, order });
  if (curve === null) throw new CertificateError('the domain parameters are of no curve that is built here');
  return { hash, curve, point: copyBytes(point) };
}

/** Moves to the next object, which must have this tag. */
function expectNext(reader: TlvReader, tag: number): Uint8Array {
  if (!reader.next()) throw new CertificateError(`tag ${hexTag(tag)} is missing`);
  if (reader.tag !== tag) throw new CertificateError(`tag ${hexTag(reader.tag)} where ${hexTag(tag)} should be`);
  return reader.value();
}

function reference(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0 || bytes.length > LONGEST_REFERENCE) {
    throw new CertificateError(`a reference has 1 to ${LONGEST_REFERENCE} characters, not ${bytes.length}`);
  }
  return copyBytes(bytes);
}

function hexTag(tag: number): string {
  return tag.toString(16).toUpperCase();
}

/** Six unpacked digits, YYMMDD (BSI TR-03110-3 D.2.1.3), as a number. @throws {CertificateError} no date */
export function parseDate(digits: Uint8Array): number {
  if (digits.length !== 6 || digits.some((digit) => digit > 9)) throw new CertificateError('a date has six digits');
  const [year, month, day] = [0, 2, 4].map((at) => 10 * (digits[at] as number) + (digits[at + 1] as number)) as [
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) throw new CertificateError('no such date');
  return 10_000 * year + 100 * month + day;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 ? 29 : 28; // 2000 to 2099: the century's rule does not come up
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** The digits of a date. @throws {CertificateError} a number that is none */
export function encodeDate(date: number): Uint8Array {
  const digits = Uint8Array.from(String(date).padStart(6, '0'), Number);
  parseDate(digits);
  return digits;
}

/** What a certificate says; the signature is made over it. */
export interface CertificateFields {
  /** Up to 16 bytes each. */
  readonly authorityReference: Uint8Array;
  readonly holderReference: Uint8Array;
  readonly hash: HashName;
  readonly curve: CurveName;
  /** `04 X Y`. */
  readonly point: Uint8Array;
  /** Writes the domain parameters: a self-signed root has them, a link certificate may, the others must not. */
  readonly withDomainParameters: boolean;
  readonly authorization: Authorization;
  readonly effectiveDate: number;
  readonly expirationDate: number;
  readonly extensions?: Uint8Array;
}

/** The issuer's key. */
export interface IssuerKey {
  readonly hash: HashName;
  readonly curve: CurveName;
  readonly privateKey: Uint8Array;
}

/** A signed certificate, the object 7F21. @throws {CertificateError} a date or a reference that is none */
export function issueCertificate(
  crypto: Pick<Crypto, 'hash' | 'ecdsaSign'>,
  fields: CertificateFields,
  issuer: IssuerKey,
): Uint8Array {
  const body = encodeBody(fields);
  const signature = crypto.ecdsaSign(issuer.curve, issuer.privateKey, crypto.hash(issuer.hash, body));
  const writer = new TlvWriter(body.length + signature.length + 16);
  writer.open(CERTIFICATE);
  writer.raw(body);
  writer.primitive(CERTIFICATE_SIGNATURE, signature);
  writer.close();
  return writer.finish();
}

function encodeBody(fields: CertificateFields): Uint8Array {
  const writer = new TlvWriter(LARGEST_CERTIFICATE);
  writer.open(CERTIFICATE_BODY);
  writer.number(PROFILE, 0, 1);
  writer.primitive(AUTHORITY_REFERENCE, reference(fields.authorityReference));
  writer.open(PUBLIC_KEY);
  writer.primitive(0x06, terminalAuthenticationOid(fields.hash));
  if (fields.withDomainParameters) {
    const { prime, a, b, generator, order } = domainParameters(fields.curve);
    writer.primitive(0x81, withoutLeadingZeros(prime));
    writer.primitive(0x82, withoutLeadingZeros(a));
    writer.primitive(0x83, withoutLeadingZeros(b));
    writer.primitive(0x84, generator);
    writer.primitive(0x85, withoutLeadingZeros(order));
  }
  writer.primitive(0x86, fields.point);
  if (fields.withDomainParameters) writer.number(0x87, 1, 1);
  writer.close();
  writer.primitive(HOLDER_REFERENCE, reference(fields.holderReference));
  writer.primitive(CHAT, encodeAuthorization(fields.authorization));
  writer.primitive(EFFECTIVE_DATE, encodeDate(fields.effectiveDate));
  writer.primitive(EXPIRATION_DATE, encodeDate(fields.expirationDate));
  if (fields.extensions !== undefined) writer.primitive(EXTENSIONS, fields.extensions);
  writer.close();
  return writer.finish();
}
