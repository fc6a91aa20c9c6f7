import { accessSync, constants, existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { nobleCrypto } from '../../../src/hal/noble/index.ts';
import type { ImageName } from '../../card/image-name.ts';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { refuseSharedKey } from '../../console/private-key-file.ts';
import { checkBundleFolder, type EvidenceDescription, type EvidenceItem, writeBundle } from './bundle.ts';
import { base64url, type LabKey, readKeyFile } from './key-file.ts';

/** `--evidence`, `--evidence-key` and `--image-key`, as typed. */
export interface EvidenceChoice {
  readonly folder: string;
  /** File of the key that signs. */
  readonly key: string;
  /** File of the key that names images; null: the one in the state folder. */
  readonly imageKey: string | null;
}

/** Where a bundle will be, and the key that signs it. */
export interface EvidencePlan {
  readonly folder: string;
  readonly key: LabKey;
}

/** The image of a card of ours as it was before the first command. */
export interface CardImage extends ImageName {
  /** `image card.img`, `profile vitale2`. */
  readonly of: string;
}

/**
 * What can be known before a run that may take hours.
 * @throws {CannotRun} the folder holds something or cannot be made, or the key does not sign
 */
export function planEvidence({ folder, key: keyFile }: Pick<EvidenceChoice, 'folder' | 'key'>): EvidencePlan {
  checkBundleFolder(folder);
  let above = dirname(resolve(folder));
  while (!existsSync(above)) above = dirname(above);
  accessSync(above, constants.W_OK);
  const key = readKeyFile(keyFile, nobleCrypto());
  if (key.privateKey === null)
    throw new CannotRun(`${keyFile} is the public half of a key; signing needs the private one`);
  refuseSharedKey(keyFile);
  return { folder, key };
}

/** Writes the bundle and says where it is. @throws {CannotRun}, {HalError} `storage` */
export function handOver({ folder, key }: EvidencePlan, description: EvidenceDescription, io: CommandIo): void {
  writeBundle(folder, description, key, nobleCrypto());
  io.stderr(`vitap: evidence in ${folder}, signed with the key ${base64url(key.keyId)}\n`);
}

/** An image among what a bundle says of its subject. */
export function imageInWords({ of, hmac, key }: CardImage): string {
  return `${of}, HMAC-SHA-256 ${hmac} under the key ${key}`;
}

/** A document of a bundle. */
export function jsonItem(path: string, role: EvidenceItem['role'], document: unknown): EvidenceItem {
  return { path, role, content: Buffer.from(`${JSON.stringify(document, null, 2)}\n`) };
}

/** A name as a bundle may have it. */
export function plainName(name: string): string {
  const plain = basename(name).replace(/[^\w.-]/g, '_');
  return /^\w/.test(plain) ? plain : `_${plain}`;
}
