import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Crypto, CryptoError } from '../../../src/hal/crypto.ts';
import { CannotRun } from '../../console/failure.ts';
import { CoseError, keyIdOf, verifySign1 } from './cose-sign1.ts';
import { base64url, type LabKey, parseKey } from './key-file.ts';
import { MANIFEST_FILE, type Manifest, parseManifest, SIGNATURE_FILE } from './manifest.ts';

/** What is not as it was signed. */
export interface Deviation {
  readonly path: string;
  readonly what: 'changed' | 'added' | 'removed' | 'unreadable' | 'signature';
  readonly text: string;
}

export interface BundleVerdict {
  readonly verdict: 'PASS' | 'FAIL';
  /** Null when it cannot be read. What it says counts only when the signature does. */
  readonly manifest: Manifest | null;
  /** Thumbprint of the signer's key, base64url, as the signature says. */
  readonly signer: string | null;
  /** Whether the signer was checked against a key from outside of the bundle. */
  readonly signerKnown: boolean;
  readonly deviations: readonly Deviation[];
}

type VerifyCrypto = Pick<Crypto, 'hash' | 'privateKey' | 'publicKey' | 'ecdsaVerify'>;

/**
 * Checks every file of a bundle against its manifest, and the manifest against its signature.
 * @param key the signer's, from a source that one trusts; null takes the one in the bundle, which anybody can exchange
 * together with the signature
 * @throws {CannotRun} not a bundle at all
 */
export async function verifyBundle(folder: string, key: LabKey | null, crypto: VerifyCrypto): Promise<BundleVerdict> {
  const found = listFiles(folder);
  if (!found.has(MANIFEST_FILE) && !found.has(SIGNATURE_FILE)) {
    throw new CannotRun(`${folder} is no evidence bundle: it has no ${MANIFEST_FILE}`);
  }
  const deviations: Deviation[] = [];
  const manifestBytes = readIfThere(folder, MANIFEST_FILE, found, deviations);
  const message = readIfThere(folder, SIGNATURE_FILE, found, deviations);
  const manifest = manifestBytes === null ? null : readManifest(manifestBytes, deviations);
  if (manifest !== null) deviations.push(...(await compareFiles(folder, manifest, found)));
  const signer = message === null ? null : signerOf(message, deviations);
  if (manifestBytes !== null && message !== null && signer !== null) {
    const used = key ?? ownKey(folder, manifest, found, crypto);
    checkSignature(manifestBytes, message, signer, used, key !== null, crypto, deviations);
  }
  return {
    verdict: deviations.length === 0 ? 'PASS' : 'FAIL',
    manifest,
    signer,
    signerKnown: key !== null,
    deviations,
  };
}

function readManifest(bytes: Uint8Array, deviations: Deviation[]): Manifest | null {
  const manifest = parseManifest(bytes);
  if (typeof manifest !== 'string') return manifest;
  deviations.push({ path: MANIFEST_FILE, what: 'changed', text: `the manifest is damaged: ${manifest}` });
  return null;
}

function signerOf(message: Uint8Array, deviations: Deviation[]): string | null {
  try {
    const keyId = keyIdOf(message);
    if (keyId !== null) return base64url(keyId);
    deviations.push({ path: SIGNATURE_FILE, what: 'signature', text: 'the signature does not name its key' });
  } catch (error) {
    if (!(error instanceof CoseError)) throw error;
    deviations.push({ path: SIGNATURE_FILE, what: 'changed', text: `the signature is damaged: ${error.message}` });
  }
  return null;
}

function checkSignature(
  manifest: Uint8Array,
  message: Uint8Array,
  signer: string,
  key: LabKey | null,
  known: boolean,
  crypto: VerifyCrypto,
  deviations: Deviation[],
): void {
  const problem = signatureProblem(manifest, message, signer, key, known, crypto);
  if (problem !== null) deviations.push({ ...problem, what: 'signature' });
}

function signatureProblem(
  manifest: Uint8Array,
  message: Uint8Array,
  signer: string,
  key: LabKey | null,
  known: boolean,
  crypto: VerifyCrypto,
): Pick<Deviation, 'path' | 'text'> | null {
  if (key === null) {
    return { path: SIGNATURE_FILE, text: 'the bundle has no readable key of its signer; --key FILE gives one' };
  }
  if (base64url(key.keyId) !== signer) {
    const whose = known ? 'the key that was given' : 'the key in the bundle';
    return { path: SIGNATURE_FILE, text: `signed with the key ${signer}, and ${whose} is ${base64url(key.keyId)}` };
  }
  try {
    if (verifySign1(message, key.publicKey, crypto, { detached: manifest }) !== null) return null;
  } catch (error) {
    if (!(error instanceof CoseError || error instanceof CryptoError)) throw error;
  }
  return { path: MANIFEST_FILE, text: `the signature does not fit: ${MANIFEST_FILE} or ${SIGNATURE_FILE} was changed` };
}

/** The key that lies in the bundle; null when it is unreadable. */
function ownKey(
  folder: string,
  manifest: Manifest | null,
  found: ReadonlySet<string>,
  crypto: VerifyCrypto,
): LabKey | null {
  const file = manifest?.files.find(({ role }) => role === 'public-key')?.path;
  if (file === undefined || !found.has(file)) return null;
  try {
    return parseKey(readFileSync(join(folder, file), 'utf8'), file, crypto);
  } catch (error) {
    if (error instanceof CannotRun) return null;
    throw error;
  }
}

async function compareFiles(folder: string, manifest: Manifest, found: ReadonlySet<string>): Promise<Deviation[]> {
  const deviations: Deviation[] = [];
  for (const { path, size, sha256 } of manifest.files) {
    if (!found.has(path)) {
      deviations.push({ path, what: 'removed', text: 'was removed' });
      continue;
    }
    const now = await hashOf(join(folder, path));
    if (now === null) deviations.push({ path, what: 'unreadable', text: 'cannot be read' });
    else if (now.size !== size)
      deviations.push({ path, what: 'changed', text: `was changed: ${now.size} bytes, ${size} were signed` });
    else if (now.sha256 !== sha256)
      deviations.push({ path, what: 'changed', text: 'was changed: its SHA-256 is another' });
  }
  const listed = new Set([MANIFEST_FILE, SIGNATURE_FILE, ...manifest.files.map(({ path }) => path)]);
  for (const path of found) {
    if (!listed.has(path)) deviations.push({ path, what: 'added', text: 'was added' });
  }
  return deviations;
}

/** Streamed: a trace may be larger than memory. Null for what cannot be read, or is no plain file. */
async function hashOf(file: string): Promise<{ size: number; sha256: string } | null> {
  try {
    if (!lstatSync(file).isFile()) return null;
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of createReadStream(file)) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
    return { size, sha256: hash.digest('hex') };
  } catch {
    return null;
  }
}

function readIfThere(
  folder: string,
  name: string,
  found: ReadonlySet<string>,
  deviations: Deviation[],
): Uint8Array | null {
  if (found.has(name)) return readFileSync(join(folder, name));
  deviations.push({ path: name, what: 'removed', text: 'was removed' });
  return null;
}

/** Everything that is no folder, links included, by its path with `/`. */
function listFiles(folder: string): Set<string> {
  const found = new Set<string>();
  const walk = (at: string, before: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = `${before}${entry.name}`;
      if (entry.isDirectory()) walk(join(at, entry.name), `${path}/`);
      else found.add(path);
    }
  };
  walk(folder, '');
  return found;
}
