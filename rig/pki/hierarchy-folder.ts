/**
 * A hierarchy as a folder. Each holder has up to four files there, named as cvc-create and cvc-print look for them:
 *
 * | file | holds |
 * |---|---|
 * | `FRLABCVCA00001` | the certificate, one object 7F21 |
 * | `FRLABCVCA00001.pkcs8` | its private key |
 * | `FRLABCVCA00002.link` | the link certificate that leads to a root from the one before |
 * | `FRLABAT00001.keys.json` | a terminal's keys, with its chain |
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Crypto, CryptoError } from '../../src/hal/crypto.ts';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import {
  type Authorization,
  type CardVerifiableCertificate,
  CertificateError,
  parseCertificate,
  roleOf,
} from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputFile } from '../console/input-file.ts';
import { makeFolder } from '../console/make-folder.ts';
import { refuseExisting } from './existing-file.ts';
import type { Holder } from './holder.ts';
import { decodePrivateKey, encodePrivateKey } from './private-key.ts';
import { isReference, referenceText } from './reference.ts';

const LARGEST_FILE = 65_536;

export const certificateFile = (folder: string, name: string): string => join(folder, name);
export const privateKeyFile = (folder: string, name: string): string => join(folder, `${name}.pkcs8`);
export const linkFile = (folder: string, name: string): string => join(folder, `${name}.link`);
export const terminalKeysFile = (folder: string, name: string): string => join(folder, `${name}.keys.json`);

/** A holder of the folder, with what its certificate says. */
export interface KnownHolder extends Holder {
  readonly authorization: Authorization;
  readonly authority: string;
}

/** @throws {CannotRun} a file of this name is there already; {HalError} `storage` */
export function writeNew(path: string, bytes: Uint8Array): void {
  refuseExisting(path);
  replaceFile(path, [bytes]);
}

/**
 * Writes certificate and private key of a holder; both names are looked at before anything is written.
 * @returns the files
 */
export function writeHolder(folder: string, holder: Holder, crypto: Pick<Crypto, 'publicKey'>): readonly string[] {
  const [certificate, key] = [certificateFile(folder, holder.name), privateKeyFile(folder, holder.name)];
  refuseExisting(certificate);
  refuseExisting(key);
  makeFolder(folder);
  writeNew(key, encodePrivateKey(crypto, holder.key));
  writeNew(certificate, holder.certificate);
  return [certificate, key];
}

/** The names of those who can sign: a certificate and a private key of its name. */
export function holdersOf(folder: string): readonly string[] {
  const names = new Set(readdirSync(folder));
  return [...names].filter((name) => isReference(name) && names.has(`${name}.pkcs8`)).sort();
}

/**
 * @throws {CannotRun} no certificate, no key, or they do not belong together; an ordinary file error is left as it is
 */
export function readHolder(folder: string, name: string, crypto: Pick<Crypto, 'publicKey'>): KnownHolder {
  const file = certificateFile(folder, name);
  const bytes = readInputFile(file, 'a certificate', LARGEST_FILE);
  const certificate = parsed(bytes, file);
  const { curve, privateKey } = decodePrivateKey(
    readInputFile(privateKeyFile(folder, name), 'a private key', LARGEST_FILE),
    privateKeyFile(folder, name),
  );
  if (!belongs(crypto, certificate, { curve, privateKey })) {
    throw new CannotRun(`${privateKeyFile(folder, name)}: not the private key of the certificate ${file}`);
  }
  if (referenceText(certificate.holderReference) !== name) {
    throw new CannotRun(`${file}: its holder is ${referenceText(certificate.holderReference)}, not ${name}`);
  }
  return {
    name,
    certificate: new Uint8Array(bytes),
    key: { curve, privateKey, hash: certificate.publicKey.hash },
    authorization: certificate.authorization,
    authority: referenceText(certificate.authorityReference),
  };
}

/** The link certificates that lead to a root, the oldest first. */
export function linksTo(folder: string, root: string): readonly Uint8Array[] {
  const links: Uint8Array[] = [];
  const seen = new Set<string>();
  for (let name = root; !seen.has(name) && isReference(name) && existsSync(linkFile(folder, name)); ) {
    seen.add(name);
    const file = linkFile(folder, name);
    const bytes = readInputFile(file, 'a link certificate', LARGEST_FILE);
    links.unshift(new Uint8Array(bytes));
    name = referenceText(parsed(bytes, file).authorityReference);
  }
  return links;
}

/** @throws {CannotRun} several holders, or none, could sign this: which one is for the person to say */
export function onlyIssuer(
  folder: string,
  crypto: Pick<Crypto, 'publicKey'>,
  mayIssue: (authorization: Authorization) => boolean,
  what: string,
): KnownHolder {
  const able = holdersOf(folder)
    .map((name) => readHolder(folder, name, crypto))
    .filter(({ authorization }) => mayIssue(authorization));
  const [only] = able;
  if (only === undefined) throw new CannotRun(`${folder}: nobody in this folder can issue ${what}`);
  if (able.length > 1) {
    throw new CannotRun(
      `${folder}: several could issue ${what}: name one with --by (${able.map(({ name }) => name).join(', ')})`,
    );
  }
  return only;
}

export function isRoot(authorization: Authorization): boolean {
  return roleOf(authorization) === 'CVCA';
}

export function isDocumentVerifier(authorization: Authorization): boolean {
  return roleOf(authorization).startsWith('DV');
}

function parsed(bytes: Uint8Array, file: string): CardVerifiableCertificate {
  try {
    return parseCertificate(bytes);
  } catch (cause) {
    if (cause instanceof CertificateError) throw new CannotRun(`${file}: ${cause.message}`, { cause });
    throw cause;
  }
}

function belongs(
  crypto: Pick<Crypto, 'publicKey'>,
  { publicKey }: CardVerifiableCertificate,
  { curve, privateKey }: Pick<Holder['key'], 'curve' | 'privateKey'>,
): boolean {
  try {
    return Buffer.compare(crypto.publicKey(curve, privateKey), publicKey.point) === 0;
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}
