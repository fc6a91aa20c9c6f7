import { createHash } from 'node:crypto';
import { closeSync, constants, type Dir, fstatSync, opendirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type Crypto, CryptoError } from '../../../src/hal/crypto.ts';
import { systemErrorCode } from '../../../src/hal/nvm/storage-error.ts';
import { CannotRun } from '../../console/failure.ts';
import { CoseError, keyIdOf, verifySign1 } from '../../pki/cose-sign1.ts';
import { base64url, LARGEST_KEY_FILE, type LabKey, parseKey } from './key-file.ts';
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

/** Bytes of the largest manifest: enough for a suite of 100,000 traces. */
const LARGEST_MANIFEST = 64 * 1024 * 1024;
const LARGEST_SIGNATURE = 65_536;
/** Files of a bundle that is believed. */
export const MOST_FILES = 200_000;
/** Folders in folders; a bundle has one. */
const DEEPEST = 16;
const PIECE = 1 << 20;

type VerifyCrypto = Pick<Crypto, 'hash' | 'privateKey' | 'publicKey' | 'ecdsaVerify'>;

/**
 * Checks every file of a bundle against its manifest, and the manifest against its signature.
 * @param key the signer's, from a source that one trusts; null takes the one in the bundle, which anybody can exchange
 * together with the signature
 * @param signal ends it between two pieces of a file
 * @throws {CannotRun} not a bundle at all, or one of more files than any has
 */
export async function verifyBundle(
  folder: string,
  key: LabKey | null,
  crypto: VerifyCrypto,
  signal?: AbortSignal,
): Promise<BundleVerdict> {
  const found = listFiles(folder);
  if (!found.has(MANIFEST_FILE) && !found.has(SIGNATURE_FILE)) {
    throw new CannotRun(`${folder} is no evidence bundle: it has no ${MANIFEST_FILE}`);
  }
  const deviations: Deviation[] = [];
  const manifestBytes = readIfThere(folder, MANIFEST_FILE, LARGEST_MANIFEST, found, deviations);
  const message = readIfThere(folder, SIGNATURE_FILE, LARGEST_SIGNATURE, found, deviations);
  const manifest = manifestBytes === null ? null : readManifest(manifestBytes, deviations);
  if (manifest !== null) deviations.push(...compareFiles(folder, manifest, found, signal));
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
  const bytes = readUntrusted(join(folder, file), LARGEST_KEY_FILE);
  if (typeof bytes === 'string') return null;
  try {
    return parseKey(Buffer.from(bytes).toString('utf8'), file, crypto);
  } catch (error) {
    if (error instanceof CannotRun) return null;
    throw error;
  }
}

function compareFiles(
  folder: string,
  manifest: Manifest,
  found: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Deviation[] {
  const deviations: Deviation[] = [];
  for (const { path, size, sha256 } of manifest.files) {
    if (!found.has(path)) {
      deviations.push({ path, what: 'removed', text: 'was removed' });
      continue;
    }
    const now = measure(join(folder, path), size, signal);
    if (now === null) deviations.push({ path, what: 'unreadable', text: 'cannot be read as a plain file' });
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

/** In pieces: a trace may be larger than memory. Null for what cannot be read, or is no plain file. */
function measure(file: string, most: number, signal: AbortSignal | undefined): { size: number; sha256: string } | null {
  let descriptor: number;
  try {
    descriptor = openUntrusted(file);
  } catch {
    return null;
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) return null;
    // Whatever lies behind what was signed changes nothing any more.
    if (status.size !== most) return { size: status.size, sha256: '' };
    const hash = createHash('sha256');
    const piece = Buffer.alloc(PIECE);
    let size = 0;
    for (let read = -1; read !== 0 && size <= most; size += read) {
      signal?.throwIfAborted();
      read = readSync(descriptor, piece, 0, piece.length, null);
      hash.update(piece.subarray(0, read));
    }
    return { size, sha256: hash.digest('hex') };
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return null;
  } finally {
    closeSync(descriptor);
  }
}

/** A bundle comes from anybody: links are not followed, and a pipe that nobody writes to is not waited for. */
function openUntrusted(file: string): number {
  return openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
}

function readIfThere(
  folder: string,
  name: string,
  most: number,
  found: ReadonlySet<string>,
  deviations: Deviation[],
): Uint8Array | null {
  if (!found.has(name)) {
    deviations.push({ path: name, what: 'removed', text: 'was removed' });
    return null;
  }
  const bytes = readUntrusted(join(folder, name), most);
  if (typeof bytes !== 'string') return bytes;
  deviations.push({ path: name, what: 'unreadable', text: bytes });
  return null;
}

/** @returns the content, or why there is none as a clause of a sentence */
function readUntrusted(file: string, most: number): Uint8Array | string {
  let descriptor: number;
  try {
    descriptor = openUntrusted(file);
  } catch {
    return 'cannot be read as a plain file';
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) return 'is no plain file';
    if (status.size > most) return `has ${status.size} bytes, more than such a file has (${most} at most)`;
    const bytes = Buffer.alloc(status.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    return bytes.subarray(0, length);
  } catch {
    return 'cannot be read';
  } finally {
    closeSync(descriptor);
  }
}

/** @throws {CannotRun} there is none, or it cannot be read */
function openFolder(path: string): Dir {
  try {
    return opendirSync(path);
  } catch (cause) {
    const code = systemErrorCode(cause);
    const why =
      code === 'ENOENT' ? 'it does not exist' : code === 'ENOTDIR' ? 'it is no folder' : `the system says ${code}`;
    throw new CannotRun(`cannot read the bundle ${path}: ${why}`, { cause });
  }
}

/** Everything that is no folder, links included, by its path with `/`. */
function listFiles(folder: string): Set<string> {
  const found = new Set<string>();
  const walk = (at: string, before: string, depth: number): void => {
    const entries = openFolder(at);
    try {
      for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
        const path = `${before}${entry.name}`;
        if (entry.isDirectory() && depth < DEEPEST) walk(join(at, entry.name), `${path}/`, depth + 1);
        else found.add(path);
        if (found.size > MOST_FILES)
          throw new CannotRun(`${folder} holds more than ${MOST_FILES} files; no bundle does`);
      }
    } finally {
      entries.closeSync();
    }
  };
  walk(folder, '', 0);
  return found;
}
