import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type LabKey, readKeyFile } from '../../../../rig/judge/evidence/key-file.ts';
import { MANIFEST_FILE, SIGNATURE_FILE } from '../../../../rig/judge/evidence/manifest.ts';
import { verifyBundle } from '../../../../rig/judge/evidence/verify.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';

/** Files of a bundle, with `/`. */
export function filesOf(bundle: string): string[] {
  return (readdirSync(bundle, { recursive: true, withFileTypes: true }) as FolderEntry[])
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name).slice(bundle.length + 1))
    .sort();
}

interface FolderEntry {
  readonly name: string;
  readonly parentPath: string;
  isFile(): boolean;
}

/** Verifies a bundle, flips one bit in the middle of each file in turn, and expects that this file is named. */
export async function flipEachFile(bundle: string, publicKeyFile: string): Promise<void> {
  const crypto = nobleCrypto();
  const key: LabKey = readKeyFile(publicKeyFile, crypto);
  expect(await verifyBundle(bundle, key, crypto)).toMatchObject({ verdict: 'PASS', deviations: [] });
  for (const file of filesOf(bundle)) {
    const path = join(bundle, file);
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    const at = whole.length >> 1;
    flipped[at] = (flipped[at] as number) ^ 0x01;
    writeFileSync(path, flipped);
    const { verdict, deviations } = await verifyBundle(bundle, key, crypto);
    writeFileSync(path, whole);
    expect(verdict, file).toBe('FAIL');
    // The manifest and its signature vouch for each other: a fault in either is told of the pair.
    const named = [MANIFEST_FILE, SIGNATURE_FILE].includes(file) ? [MANIFEST_FILE, SIGNATURE_FILE] : [file];
    expect(
      deviations.some((each) => named.includes(each.path)),
      file,
    ).toBe(true);
  }
  expect((await verifyBundle(bundle, key, crypto)).verdict).toBe('PASS');
}
