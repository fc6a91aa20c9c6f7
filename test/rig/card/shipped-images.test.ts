import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildImage, buildShippedImages, FIXED_SEED } from '../../../rig/card/open.ts';
import { listProfiles } from '../../../rig/card/profile/index.ts';
import { shippedImage } from '../../../rig/card/shipped-images.ts';

describe('images of the shipped profiles', () => {
  it('are one for each profile, byte for byte what the profile makes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-shipped-'));
    try {
      await buildShippedImages(folder);
      for (const name of await listProfiles()) {
        const made = await buildImage(name, FIXED_SEED);
        expect(Buffer.compare(readFileSync(join(folder, `${name}.img`)), made), name).toBe(0);
        expect(Buffer.compare(shippedImage(name, folder) as Uint8Array, made), name).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are not taken when a profile was changed since, or for what is no shipped profile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vitap-shipped-'));
    try {
      await buildShippedImages(folder);
      expect(shippedImage('vitale3', folder)).toBeNull();
      expect(shippedImage('../vitale2', folder)).toBeNull();
      copyFileSync(new URL(import.meta.url).pathname, join(folder, 'profiles.sha256'));
      expect(shippedImage('vitale2', folder)).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are not there for what runs from the sources', () => expect(shippedImage('vitale2')).toBeNull());
});
