import { TlvError, TlvReader } from '../../src/apdu/index.ts';
import {
  type CardVerifiableCertificate,
  CERTIFICATE,
  CertificateError,
  parseCertificate,
} from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputFile } from '../console/input-file.ts';

/** Certificates of one file, and more than any chain has. */
const MOST_CERTIFICATES = 64;
const LARGEST_FILE = 1024 * 1024;

export interface FoundCertificate {
  readonly file: string;
  /** The object 7F21. */
  readonly bytes: Uint8Array;
  readonly certificate: CardVerifiableCertificate;
}

/**
 * The card-verifiable certificates of a file: one object 7F21 or several in a row, as bytes or in hexadecimal digits;
 * or a file of terminal keys, of which only the certificates are looked at.
 * @throws {CannotRun} none, or one that cannot be read; an ordinary file error is left as it is
 */
export function readCertificates(file: string): readonly FoundCertificate[] {
  const bytes = readInputFile(file, 'a file of certificates', LARGEST_FILE);
  const objects = bytes[0] === 0x7b ? objectsOfJson(bytes, file) : objectsOf(fromText(bytes) ?? bytes, file);
  if (objects.length === 0) throw new CannotRun(`${file}: no card-verifiable certificate (object 7F21) is in it`);
  return objects.map((object, index) => {
    const which = objects.length === 1 ? file : `${file}, certificate ${index + 1}`;
    try {
      return { file, bytes: object, certificate: parseCertificate(object) };
    } catch (cause) {
      if (cause instanceof CertificateError) throw new CannotRun(`${which}: ${cause.message}`, { cause });
      throw cause;
    }
  });
}

/** Hexadecimal digits with any white space; null where it is something else. */
function fromText(bytes: Buffer): Buffer | null {
  const text = bytes.toString('latin1').replace(/\s+/g, '');
  return text.length > 0 && /^([0-9a-fA-F]{2})+$/.test(text) ? Buffer.from(text, 'hex') : null;
}

function objectsOf(bytes: Uint8Array, file: string): readonly Uint8Array[] {
  const objects: Uint8Array[] = [];
  try {
    const reader = new TlvReader(bytes);
    while (reader.next()) {
      if (reader.tag !== CERTIFICATE) {
        throw new CannotRun(
          `${file}: not a card-verifiable certificate: tag ${reader.tag.toString(16).toUpperCase()} where 7F21 should be`,
        );
      }
      if (objects.length === MOST_CERTIFICATES)
        throw new CannotRun(`${file}: more than ${MOST_CERTIFICATES} certificates`);
      objects.push(Uint8Array.from(bytes.subarray(reader.start, reader.valueOffset + reader.valueLength)));
    }
  } catch (cause) {
    if (cause instanceof TlvError)
      throw new CannotRun(`${file}: not card-verifiable certificates: ${cause.message}`, { cause });
    throw cause;
  }
  return objects;
}

/** The key in it is not looked at, so that a file that others can read may be shown too. */
function objectsOfJson(bytes: Buffer, file: string): readonly Uint8Array[] {
  let certificates: unknown;
  try {
    certificates = (JSON.parse(bytes.toString('utf8')) as { certificates?: unknown }).certificates;
  } catch (cause) {
    throw new CannotRun(`${file}: neither certificates nor terminal keys: the file is not JSON`, { cause });
  }
  const isHex = (each: unknown): each is string => typeof each === 'string' && /^([0-9a-fA-F]{2})+$/.test(each);
  if (!Array.isArray(certificates) || certificates.length > MOST_CERTIFICATES || !certificates.every(isHex)) {
    throw new CannotRun(`${file}: no terminal keys: certificates is not as the format has it`);
  }
  return certificates.map((each) => new Uint8Array(Buffer.from(each, 'hex')));
}
