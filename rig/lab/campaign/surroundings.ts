import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { listProfiles } from '../../card/profile/load.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';
import type { Surroundings } from './campaign.ts';

/** What lies in the folder of a campaign file, and in this program. */
export async function surroundings(folder: string): Promise<Omit<Surroundings, 'boards'>> {
  const profiles = await listProfiles();
  return {
    kindOf: (path) => {
      const found = statSync(join(folder, path), { throwIfNoEntry: false });
      if (found === undefined) return null;
      return found.isDirectory() ? 'folder' : 'file';
    },
    isProfile: (name) => profiles.includes(name),
    isShippedSuite: (path) => /^suites\/[\w-]+$/.test(path) && existsSync(join(PACKAGE_ROOT, path, 'suite.yaml')),
  };
}
