import { toHex } from '../../../src/apdu/index.ts';
import { isOnePurpose, ONE_PURPOSE } from '../../../src/applet/image/key-writer.ts';
import type { KeySpecification } from '../../../src/applet/image/specification.ts';
import { isPrivateKey } from '../../../src/applet/keys/key-coding.ts';
import { encodeUtf8 } from '../../../src/applet/vitale/index.ts';
import type { Crypto, Random } from '../../../src/hal/index.ts';
import {
  type CardVerifiableCertificate,
  CertificateError,
  type ImportedKey,
  judgeCertificate,
  parseCertificate,
  randomPrivateKey,
  rootTrustPoint,
  type TrustState,
} from '../../../src/secure-channel/index.ts';
import { testPrivateKey, testRoot } from '../../pki/test-hierarchy.ts';
import { counted } from '../../report/words.ts';
import { conditionBytes } from './access.ts';
import type { DirectoryDocument, KeyDocument, ProfileDocument } from './document.ts';
import type { Issues } from './issues.ts';
import type { Path } from './source.ts';

/** The values of a profile's keys; null where the card is to generate it. */
export type KeyValues = ReadonlyMap<KeyDocument, Uint8Array | null>;

/** Test keys come from the profile's name and the reference alone: anyone can make them again, they protect nothing. */
export function keyValues(document: ProfileDocument, crypto: Crypto, random: Random): KeyValues {
  const values = new Map<KeyDocument, Uint8Array | null>();
  const visit = (directory: DirectoryDocument): void => {
    for (const key of directory.keys) values.set(key, keyValue(key, document.profile, crypto, random));
    for (const child of directory.directories) visit(child);
  };
  visit(document.masterFile);
  return values;
}

function keyValue(
  { value, algorithm, reference }: KeyDocument,
  profile: string,
  crypto: Crypto,
  random: Random,
): Uint8Array | null {
  if (value === undefined || value instanceof Uint8Array) return value ?? null;
  const label = `${profile} key ${hex(reference)}`;
  if (algorithm.kind === 'ec') {
    const { curve } = algorithm;
    return value === 'test' ? testPrivateKey(crypto, curve, label) : randomPrivateKey(crypto, random, curve);
  }
  if (value === 'test') {
    return crypto.hash('sha-512', encodeUtf8(`vitap test ${label}`) as Uint8Array).subarray(0, algorithm.bytes);
  }
  const drawn = new Uint8Array(algorithm.bytes);
  random.fill(drawn, 0, drawn.length);
  return drawn;
}

/** The keys of a directory. What is wrong with one is said without its value. */
export function keySpecifications(
  directory: DirectoryDocument,
  isMasterFile: boolean,
  values: KeyValues,
  issues: Issues,
  path: Path,
): KeySpecification[] {
  return directory.keys.map((key, index) => {
    const at = (name: string): Path => [...path, 'keys', index, name];
    const { reference, use, algorithm, ciphers, tries } = key;
    const value = values.get(key) ?? null;
    const say = (name: string, message: string): void => issues.report(at(name), message);
    if (directory.keys.findIndex((one) => one.reference === reference) !== index) {
      say('reference', `a key with reference ${hex(reference)} is already there`);
    }
    const isChip = use.includes('chip-authentication');
    if (isChip) {
      if (!isMasterFile) say('use', 'a key for chip authentication stands in the master file');
      if (ciphers.length === 0)
        say('ciphers', '`ciphers` is missing: those of the channel that chip authentication makes');
      // The command that generates it has no room for other numbers.
      if (value === null && (reference < 0x01 || reference > 0x1f))
        say('reference', 'a key for chip authentication that the card generates has a reference from 01 to 1F');
    } else {
      const [least, most] = isMasterFile ? [0x01, 0x1f] : [0x81, 0x9f];
      const where = isMasterFile ? 'in the master file' : 'outside the master file';
      if (reference < least || reference > most) {
        say('reference', `the reference of a key ${where} is ${hex(least)} to ${hex(most)}`);
      }
      if (ciphers.length > 0) say('ciphers', 'only a key for chip authentication has `ciphers`');
    }
    if (!isOnePurpose(use)) say('use', ONE_PURPOSE);
    const fitting = algorithm.kind === 'aes' ? AES_USES : CURVE_USES;
    const wrong = use.find((each) => !fitting.includes(each));
    const kind = algorithm.kind === 'aes' ? 'an AES key' : 'a key on a curve';
    if (wrong !== undefined) say('use', `${wrong} is not done with ${kind}`);
    if (algorithm.kind === 'aes') {
      if (value === null) say('value', '`value` is missing: the card generates no AES key');
      else if (value.length !== algorithm.bytes)
        say('value', `${counted(value.length, 'byte')}, ${algorithm.bytes} needed`);
    } else if (value !== null && !isPrivateKey(algorithm.curve, value)) {
      say('value', `what is written here is no private key on ${algorithm.curve}`);
    }
    const bytes = (name: 'access' | 'generate') => conditionBytes(key[name], directory.environments, issues, at(name));
    return {
      reference,
      uses: use,
      algorithm,
      value,
      ciphers,
      tries,
      access: bytes('access'),
      generate: bytes('generate'),
    };
  });
}

const AES_USES: readonly string[] = ['internal-authentication', 'external-authentication', 'mutual-authentication'];
const CURVE_USES: readonly string[] = ['chip-authentication', 'internal-authentication', 'signature'];

/** Whose certificates the card believes. */
export function trustState({ trust }: ProfileDocument, crypto: Crypto, issues: Issues): TrustState | null {
  if (trust === undefined) return null;
  if (!trust.date.startsWith('20')) {
    issues.report(['trust', 'date'], 'the year of the card is 2000 to 2099');
    return null;
  }
  let state: TrustState = { date: Number(trust.date.slice(2)), trustPoints: [] };
  for (const [index, root] of trust.roots.entries()) {
    const added = withRoot(state, root === 'test' ? testRoot(crypto).certificate : root, crypto);
    if (typeof added === 'string') {
      issues.report(['trust', 'roots', index], `no trust point: ${added}`);
      return null;
    }
    state = added;
  }
  return state;
}

/** A root of its own, or one that a root before it signed. @returns why not, in words */
function withRoot(state: TrustState, bytes: Uint8Array, crypto: Crypto): TrustState | string {
  let certificate: CardVerifiableCertificate;
  try {
    certificate = parseCertificate(bytes);
  } catch (error) {
    if (error instanceof CertificateError) return error.message;
    throw error;
  }
  const authority = toHex(certificate.authorityReference);
  const issuer = state.trustPoints.find(({ holderReference }) => toHex(holderReference) === authority);
  if (issuer !== undefined && authority !== toHex(certificate.holderReference)) {
    const judged = judgeCertificate(crypto, state, issuer, certificate);
    // What is put on a card in its making does not move its date, which the profile says.
    return 'reason' in judged ? judged.reason : { ...judged.state, date: state.date };
  }
  const root: ImportedKey | { readonly reason: string } = rootTrustPoint(crypto, certificate);
  if ('reason' in root) return root.reason;
  if (state.trustPoints.some(({ holderReference }) => toHex(holderReference) === toHex(root.holderReference))) {
    return 'a trust point of this name is there already';
  }
  return { ...state, trustPoints: [...state.trustPoints, root].sort((a, b) => b.effectiveDate - a.effectiveDate) };
}

function hex(reference: number): string {
  return reference.toString(16).toUpperCase().padStart(2, '0');
}
