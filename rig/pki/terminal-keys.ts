import * as z from 'zod';
import { type Crypto, CryptoError, CURVE_NAMES, type CurveName } from '../../src/hal/crypto.ts';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import {
  type CardVerifiableCertificate,
  CertificateError,
  effectiveAuthorization,
  encodeAuthorization,
  type IssuerKey,
  parseCertificate,
  roleOf,
} from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputText } from '../console/input-file.ts';
import { refuseSharedKey } from '../console/private-key-file.ts';
import { refuseExisting } from './existing-file.ts';
import { referenceText } from './reference.ts';

/**
 * What a terminal authenticates itself with, as one file (`--terminal-keys FILE`):
 *
 * ```json
 * { "format": "vitap terminal keys", "version": 1,
 *   "certificates": ["7F21…", …], "curve": "brainpoolP256r1", "privateKey": "…", "signers": ["3082…"] }
 * ```
 *
 * Everything binary is in hexadecimal digits. `signers` may be absent.
 */
export interface TerminalKeys {
  /**
   * Objects 7F21, each signed by the holder of the one before, the terminal's last: link certificates, document
   * verifier, terminal. `chainFrom` finds those that a chip needs.
   */
  readonly certificates: readonly Uint8Array[];
  /** The private key of the last certificate, and how it signs. */
  readonly key: IssuerKey;
  /** Name of the terminal: the holder reference of the last certificate. */
  readonly holderReference: Uint8Array;
  /** Value of 7F4C: the rights that the whole chain leaves, which PACE announces. */
  readonly chat: Uint8Array;
  /** X.509 certificates (DER) under which the signer of EF.CardSecurity is believed; none: the caller has no opinion. */
  readonly signers: readonly Uint8Array[];
}

export const LARGEST_TERMINAL_KEYS: number = 262_144;
const FORMAT = 'vitap terminal keys';
/** More than any chain has: a link certificate for each change of the root's key. */
const MOST_CERTIFICATES = 32;

const HEX = z
  .string()
  .regex(/^([0-9a-fA-F]{2})+$/, 'whole bytes in hexadecimal digits')
  .transform((text) => new Uint8Array(Buffer.from(text, 'hex')));

const SCHEMA = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  certificates: z.array(HEX).min(1).max(MOST_CERTIFICATES),
  curve: z.enum(CURVE_NAMES),
  privateKey: HEX,
  signers: z.array(HEX).max(MOST_CERTIFICATES).optional(),
});

type KeyCrypto = Pick<Crypto, 'publicKey'>;

/**
 * Reads the file, which must be its owner's alone: like a private key for ssh, it is refused where the group or others
 * have any right to it. Windows has no such rights.
 * @throws {CannotRun} readable by others, or not a terminal's keys; an ordinary file error is left as it is
 */
export function readTerminalKeys(path: string, crypto: KeyCrypto): TerminalKeys {
  refuseSharedKey(path);
  return parseTerminalKeys(readInputText(path, "a terminal's key file", LARGEST_TERMINAL_KEYS), path, crypto);
}

/**
 * @param name for messages, which never hold what the file says but names of holders
 * @throws {CannotRun} not a terminal's keys
 */
export function parseTerminalKeys(text: string, name: string, crypto: KeyCrypto): TerminalKeys {
  const no = (why: string, cause?: unknown): CannotRun => new CannotRun(`${name}: no terminal keys: ${why}`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw no('the file is not JSON', cause);
  }
  const parsed = SCHEMA.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw no(`${issue?.path.join('.') || 'its content'} is not as the format has it`);
  }
  const { certificates, curve, privateKey, signers = [] } = parsed.data;
  const chain = certificates.map((bytes, index) => {
    try {
      return parseCertificate(bytes);
    } catch (cause) {
      if (cause instanceof CertificateError) throw no(`certificate ${index + 1}: ${cause.message}`, cause);
      throw cause;
    }
  });
  const gap = chain.findIndex((certificate, index) => index > 0 && !follows(certificate, chain[index - 1]!));
  if (gap > 0) {
    const [authority, holder] = [referenceText(chain[gap]!.authorityReference), chain[gap - 1]!.holderReference];
    throw no(`certificate ${gap + 1} is issued by ${authority}, certificate ${gap} is of ${referenceText(holder)}`);
  }
  const last = chain[chain.length - 1]!;
  if (roleOf(last.authorization) !== 'terminal') throw no('the last certificate is not of a terminal');
  if (!matches(crypto, curve, privateKey, last)) {
    throw no(`the private key is not that of the last certificate, ${referenceText(last.holderReference)}`);
  }
  const authorization = effectiveAuthorization(chain.map((certificate) => certificate.authorization));
  if (authorization === null) throw no('its certificates are of several terminal types');
  return {
    certificates,
    key: { hash: last.publicKey.hash, curve, privateKey },
    holderReference: last.holderReference,
    chat: encodeAuthorization(authorization),
    signers,
  };
}

/** Text of such a file. */
export function terminalKeysText(keys: Pick<TerminalKeys, 'certificates' | 'key' | 'signers'>): string {
  const document = {
    format: FORMAT,
    version: 1,
    certificates: keys.certificates.map(hex),
    curve: keys.key.curve,
    privateKey: hex(keys.key.privateKey),
    ...(keys.signers.length > 0 && { signers: keys.signers.map(hex) }),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Writes a new file, mode 600. @throws {CannotRun} it is there already; {HalError} `storage` */
export function writeTerminalKeys(path: string, keys: Pick<TerminalKeys, 'certificates' | 'key' | 'signers'>): void {
  refuseExisting(path);
  replaceFile(path, [Buffer.from(terminalKeysText(keys))]);
}

function follows(certificate: CardVerifiableCertificate, issuer: CardVerifiableCertificate): boolean {
  return Buffer.compare(certificate.authorityReference, issuer.holderReference) === 0;
}

function matches(
  crypto: KeyCrypto,
  curve: CurveName,
  privateKey: Uint8Array,
  { publicKey }: CardVerifiableCertificate,
): boolean {
  if (publicKey.curve !== null && publicKey.curve !== curve) return false;
  try {
    return Buffer.compare(crypto.publicKey(curve, privateKey), publicKey.point) === 0;
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}
