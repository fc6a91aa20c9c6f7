import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Crypto } from '../../../src/hal/crypto.ts';
import { replaceFile, syncFolder } from '../../../src/hal/nvm/replace-file.ts';
import { storageError, systemErrorCode } from '../../../src/hal/nvm/storage-error.ts';
import { endOfLinks } from '../../../src/hal/nvm/write-target.ts';
import { CannotRun } from '../../console/failure.ts';
import { makeFolder } from '../../console/make-folder.ts';
import { packageVersion } from '../../console/package-root.ts';
import { signDetached } from '../../pki/cose-sign1.ts';
import { base64url, keyFileText, type LabKey } from './key-file.ts';
import {
  type EvidenceFile,
  type EvidenceKind,
  encodeManifest,
  isBundlePath,
  MANIFEST_FILE,
  MANIFEST_FORMAT,
  MANIFEST_VERSION,
  type Manifest,
  SIGNATURE_FILE,
} from './manifest.ts';

/** A file to go into a bundle: its bytes, or the file that holds them now. */
export interface EvidenceItem {
  readonly path: string;
  readonly role: 'trace' | 'rules' | 'verdicts' | 'report' | 'environment';
  readonly content: Uint8Array | { readonly file: string };
}

export interface EvidenceDescription {
  readonly kind: EvidenceKind;
  readonly backend: 'simulated' | 'hardware';
  /** `ERROR`: the rig could not judge a board. */
  readonly verdict: 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'ERROR';
  /** What was judged: reader, ATR, card, hash of its image, in words. No secrets: it is written as it is. */
  readonly subject: Readonly<Record<string, string>>;
  readonly items: readonly EvidenceItem[];
}

const PUBLIC_KEY_FILE = 'signer.pub.json';

/** A folder that may be taken for a new bundle. @throws {CannotRun} it is there and holds something */
export function checkBundleFolder(folder: string): void {
  if (!existsSync(folder)) return;
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new CannotRun(`${folder} is not a folder for a bundle`, { cause });
  }
  if (names.length > 0) throw new CannotRun(`${folder} is there and holds files; a bundle wants a folder of its own`);
}

/**
 * Writes a signed bundle. It is made beside its place and gets its name when it is whole.
 * @param key with its private half
 * @throws {CannotRun} the folder holds something; {HalError} `storage`
 */
export function writeBundle(
  folder: string,
  description: EvidenceDescription,
  key: LabKey,
  crypto: Pick<Crypto, 'hash' | 'ecdsaSign'>,
): Manifest {
  if (key.privateKey === null) throw new CannotRun('this is the public half of a key; signing needs the private one');
  checkBundleFolder(folder);
  const target = resolve(endOfLinks(folder));
  makeFolder(dirname(target));
  const making = mkdtempSync(join(dirname(target), `.${basename(target)}.`));
  try {
    const publicKey = { path: PUBLIC_KEY_FILE, bytes: Buffer.from(keyFileText(key, 'public')), role: 'public-key' };
    const files = [
      ...description.items.map((item) => addFile(making, item.path, item.role, item.content)),
      addFile(making, publicKey.path, publicKey.role, publicKey.bytes),
    ];
    const manifest: Manifest = {
      format: MANIFEST_FORMAT,
      version: MANIFEST_VERSION,
      createdAt: new Date().toISOString(),
      program: `vitap ${packageVersion()}`,
      kind: description.kind,
      backend: description.backend,
      verdict: description.verdict,
      subject: { ...description.subject, signer: base64url(key.keyId) },
      files,
    };
    const bytes = encodeManifest(manifest);
    replaceFile(join(making, MANIFEST_FILE), [bytes]);
    replaceFile(join(making, SIGNATURE_FILE), [signDetached(bytes, key.keyId, key.privateKey, crypto)]);
    if (existsSync(target)) rmSync(target, { recursive: true });
    renameSync(making, target);
    syncFolder(dirname(target), target);
    return manifest;
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}

function addFile(folder: string, path: string, role: string, content: EvidenceItem['content']): EvidenceFile {
  if (!isBundlePath(path)) throw new CannotRun(`"${path}" is no name for a file of a bundle`);
  const file = join(folder, path);
  makeFolder(dirname(file));
  if (content instanceof Uint8Array) replaceFile(file, [content]);
  else copy(content.file, file);
  return { path, role, ...measure(file) };
}

/** The copy is what is hashed: whatever happens to the original later, the bundle is whole in itself. */
function copy(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  } catch (cause) {
    // An original that cannot be read is named by Node's own error.
    if (!existsSync(to) && ['ENOENT', 'EACCES'].includes(systemErrorCode(cause))) throw cause;
    throw storageError('cannot write', to, cause, 'no bundle was made');
  }
}

/** In pieces: a trace may be larger than memory. */
function measure(file: string): { size: number; sha256: string } {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(1 << 20);
  const descriptor = openSync(file, 'r');
  try {
    let size = 0;
    for (;;) {
      const length = readSync(descriptor, piece);
      if (length === 0) break;
      hash.update(piece.subarray(0, length));
      size += length;
    }
    fsyncSync(descriptor);
    return { size, sha256: hash.digest('hex') };
  } finally {
    closeSync(descriptor);
  }
}
