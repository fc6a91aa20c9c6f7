import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGE_ROOT } from '../console/package-root.ts';

/**
 * Images of the shipped profiles, made when the project is built, so that a card in memory needs neither the YAML reader
 * nor the schema. They stand in `dist/` only: what runs from the sources makes its images from the profiles each time.
 */
const IMAGES: string = fileURLToPath(new URL('../../profiles', import.meta.url));
const PROFILES: string = join(PACKAGE_ROOT, 'profiles');
const STAMP = 'profiles.sha256';

/** @returns the image of a shipped profile as the build made it; null where there is none, or a profile was changed since */
export function shippedImage(profile: string, folder: string = IMAGES): Uint8Array | null {
  const image = join(folder, `${profile}.img`);
  if (!/^[A-Za-z0-9-]+$/.test(profile) || !existsSync(image)) return null;
  if (readFileSync(join(folder, STAMP), 'latin1') !== profilesFingerprint()) return null;
  return new Uint8Array(readFileSync(image));
}

/**
 * Makes the image of every shipped profile: the last step of the build.
 * @param folder `profiles` in the build
 * @param make an image, from a profile's name
 */
export async function makeShippedImages(folder: string, make: (profile: string) => Promise<Uint8Array>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const file of profileFiles()) {
    const profile = file.slice(0, -'.yaml'.length);
    writeFileSync(join(folder, `${profile}.img`), await make(profile));
  }
  writeFileSync(join(folder, STAMP), profilesFingerprint());
}

/** One SHA-256 of them all: a profile may stand on another. */
function profilesFingerprint(): string {
  const hash = createHash('sha256');
  for (const file of profileFiles()) hash.update(`${file}\n`).update(readFileSync(join(PROFILES, file)));
  return hash.digest('hex');
}

function profileFiles(): string[] {
  return readdirSync(PROFILES)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
}
