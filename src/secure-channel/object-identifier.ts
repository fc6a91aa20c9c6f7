/**
 * The object identifiers of BSI TR-03110-3 that this room speaks, as the value bytes of tag 06.
 * 0.4.0.127.0.7 is bsi-de.
 */
import { fromHex } from '../apdu/index.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import type { HashName } from '../hal/crypto.ts';
import type { CipherName } from './key-derivation.ts';

const BSI_DE = '04007F0007';
/** bsi-de protocols(2) smartcard(2). */
const SMART_CARD = `${BSI_DE}0202`;

/** How PACE makes its generator: generic, or generic with a proof of the chip's static key. */
export type Mapping = 'GM' | 'CAM';

/** id-PK-ECDH: a static key of chip authentication. */
export const ID_PK_ECDH: Uint8Array = fromHex(`${SMART_CARD}0102`);
/** id-TA, of which the signature algorithms are arcs. */
export const ID_TA: Uint8Array = fromHex(`${SMART_CARD}02`);
/** id-CA-ECDH, of which the ciphers are arcs; alone it names domain parameters. */
export const ID_CA_ECDH: Uint8Array = fromHex(`${SMART_CARD}0302`);
/** id-CI: where EF.CardInfo is. */
export const ID_CI: Uint8Array = fromHex(`${SMART_CARD}06`);
/** id-PT: what only privileged terminals may use. */
export const ID_PT: Uint8Array = fromHex(`${SMART_CARD}08`);
/** standardizedDomainParameters: bsi-de algorithms(1) 2. */
export const STANDARDIZED_DOMAIN_PARAMETERS: Uint8Array = fromHex(`${BSI_DE}0102`);
/** id-ecPublicKey of ANSI X9.62: explicit domain parameters. */
export const ID_EC_PUBLIC_KEY: Uint8Array = fromHex('2A8648CE3D0201');
/** id-SecurityObject, the content of EF.CardSecurity's signature. */
export const ID_SECURITY_OBJECT: Uint8Array = fromHex(`${BSI_DE}030201`);

const CIPHER_ARCS: Readonly<Record<CipherName, string>> = { 'AES-128': '02', 'AES-192': '03', 'AES-256': '04' };
const MAPPING_ARCS: Readonly<Record<Mapping, string>> = { GM: '02', CAM: '06' };
const HASH_ARCS: Readonly<Record<HashName, string>> = {
  'sha-1': '01',
  'sha-224': '02',
  'sha-256': '03',
  'sha-384': '04',
  'sha-512': '05',
};

export interface PaceProtocol {
  readonly mapping: Mapping;
  readonly cipher: CipherName;
}

interface Row<T> {
  readonly oid: Uint8Array;
  readonly value: T;
}

const CIPHERS = Object.keys(CIPHER_ARCS) as CipherName[];
const PACE: readonly Row<PaceProtocol>[] = (Object.keys(MAPPING_ARCS) as Mapping[]).flatMap((mapping) =>
  CIPHERS.map((cipher) => ({
    oid: fromHex(`${SMART_CARD}04${MAPPING_ARCS[mapping]}${CIPHER_ARCS[cipher]}`),
    value: { mapping, cipher },
  })),
);
const CHIP_AUTHENTICATION: readonly Row<CipherName>[] = CIPHERS.map((cipher) => ({
  oid: fromHex(`${SMART_CARD}0302${CIPHER_ARCS[cipher]}`),
  value: cipher,
}));
const TERMINAL_AUTHENTICATION: readonly Row<HashName>[] = (Object.keys(HASH_ARCS) as HashName[]).map((hash) => ({
  oid: fromHex(`${SMART_CARD}0202${HASH_ARCS[hash]}`),
  value: hash,
}));

/** id-PACE-ECDH-GM-AES-CBC-CMAC-… and id-PACE-ECDH-CAM-AES-CBC-CMAC-…; null for any other, integrated mapping too. */
export function paceProtocol(oid: Uint8Array): PaceProtocol | null {
  return lookUp(PACE, oid);
}

export function paceOid(protocol: PaceProtocol): Uint8Array {
  return PACE.find(({ value }) => value.mapping === protocol.mapping && value.cipher === protocol.cipher)!.oid;
}

/** The cipher of id-CA-ECDH-AES-CBC-CMAC-…, or null. */
export function chipAuthenticationCipher(oid: Uint8Array): CipherName | null {
  return lookUp(CHIP_AUTHENTICATION, oid);
}

export function chipAuthenticationOid(cipher: CipherName): Uint8Array {
  return CHIP_AUTHENTICATION.find(({ value }) => value === cipher)!.oid;
}

/** The hash of id-TA-ECDSA-SHA-…, or null. */
export function terminalAuthenticationHash(oid: Uint8Array): HashName | null {
  return lookUp(TERMINAL_AUTHENTICATION, oid);
}

export function terminalAuthenticationOid(hash: HashName): Uint8Array {
  return TERMINAL_AUTHENTICATION.find(({ value }) => value === hash)!.oid;
}

/** `0.4.0.127.0.7.2.2.4.2.2`, for a person; a malformed one is shown in hexadecimal digits by its caller. */
export function dottedOid(oid: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of oid) {
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    if (arcs.length > 0) arcs.push(arc);
    else arcs.push(Math.min(Math.floor(arc / 40), 2), arc - 40 * Math.min(Math.floor(arc / 40), 2));
    arc = 0;
  }
  return arcs.join('.');
}

function lookUp<T>(rows: readonly Row<T>[], oid: Uint8Array): T | null {
  for (const row of rows) if (sameBytes(row.oid, oid)) return row.value;
  return null;
}
