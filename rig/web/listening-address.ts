import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { CannotRun } from '../console/failure.ts';
import { readInputText } from '../console/input-file.ts';
import { refuseSharedKey } from '../console/private-key-file.ts';

/** Where a server listens, as the person gave it. */
export interface AddressChoice {
  /** Address or `localhost`. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Files with a certificate (and those above it) and its private key, in PEM; null: HTTP without TLS, on loopback only. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
}

/** The same, checked and read. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Whether a Host header (without its port) names this server. */
  readonly isOwnName: (name: string) => boolean;
  /** What others call it: its address if that is a name of it, else the first name in its certificate. */
  readonly name: string;
}

const LARGEST_PEM = 65_536;
const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '::1'];

/**
 * Names that count as this server's: on loopback those of loopback, with TLS those in the certificate. Any other name in
 * a Host header means that a page of somebody else resolves its own name to this address (DNS rebinding).
 * @throws {CannotRun} beyond loopback without TLS, or files that are no certificate and its key
 */
export function checkAddress({ host, port, tls }: AddressChoice): ListeningAddress {
  const loopback = isLoopback(host);
  if (tls === null) {
    if (!loopback) {
      throw new CannotRun(
        `${host} can be reached from other machines, and the server would answer there without TLS: give a certificate and its key, or stay on 127.0.0.1`,
      );
    }
    const isOwnName = (name: string): boolean => LOOPBACK_NAMES.includes(name);
    return { host: numeric(host), port, tls: null, isOwnName, name: numeric(host) };
  }
  const { cert, key, x509 } = readPair(tls.certificate, tls.key);
  const isOwnName = (name: string): boolean =>
    (loopback && LOOPBACK_NAMES.includes(name)) ||
    (isIP(name) === 0 ? x509.checkHost(name) !== undefined : x509.checkIP(name) !== undefined);
  const known = isOwnName(host) ? null : namesIn(x509).find(isOwnName);
  return { host: numeric(host), port, tls: { cert, key }, isOwnName, name: known ?? numeric(host) };
}

/** DNS names and IP addresses of a certificate, in its order; of a name for many hosts nobody knows which one this is. */
function namesIn({ subjectAltName }: X509Certificate): string[] {
  return [...(subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,"]+)/g)]
    .map(([, name]) => (name ?? '').trim().toLowerCase())
    .filter((name) => !name.includes('*'));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** One address, not two: with port 0 they would get different ports. */
function numeric(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host;
}

function readPair(certificateFile: string, keyFile: string): { cert: string; key: string; x509: X509Certificate } {
  refuseSharedKey(keyFile);
  const cert = readInputText(certificateFile, 'a certificate in PEM', LARGEST_PEM);
  const key = readInputText(keyFile, 'a private key in PEM', LARGEST_PEM);
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(cert);
  } catch (cause) {
    throw new CannotRun(`${certificateFile}: no certificate in PEM`, { cause });
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    throw new CannotRun(`${keyFile}: not the private key (PEM, without a password) of ${certificateFile}`, { cause });
  }
  return { cert, key, x509 };
}
