import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CardSource } from '../../card/card-source.ts';
import { listProfiles } from '../../card/profile/load.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';
import { isProfileName, type Surroundings } from './campaign.ts';
import type { AskedOfSuite, Look } from './check-cases.ts';

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

/** Looks with the programs that judge. */
export function lookIn(folder: string): Look {
  const known = new Map<string, Promise<string | null>>();
  return {
    hasCase: async (suite, only) => {
      const [{ loadSuite }, { selectsId }] = await Promise.all([
        import('../../judge/conform/suites/index.ts'),
        import('../../judge/conform/run-suite.ts'),
      ]);
      const selects = selectsId(only);
      return (await loadSuite(suite)).cases.some(({ id }) => selects(id));
    },
    whyNone: (asked) => {
      const { profile, image } = asked.card;
      const key = JSON.stringify({ ...asked, card: { profile, image } });
      const before = known.get(key);
      const answer = before ?? whyNoneOf(asked, folder);
      known.set(key, answer);
      return answer;
    },
    hasTrace: async (path, only) => {
      const [{ readSuite }, { selectsId }] = await Promise.all([
        import('../../judge/suite/suite-file.ts'),
        import('../../judge/conform/run-suite.ts'),
      ]);
      const beside = join(folder, path);
      const { traces } = readSuite(existsSync(beside) ? beside : join(PACKAGE_ROOT, path));
      const selects = selectsId(only);
      return traces.some(({ id }) => selects(id));
    },
  };
}

async function whyNoneOf({ card, declare, ...asked }: AskedOfSuite, folder: string): Promise<string | null> {
  const { whyNone } = await import('../../judge/conform/applying.ts');
  return whyNone({
    ...asked,
    card: sourceOf(card, folder),
    declare: declare === null ? null : join(folder, declare),
  });
}

function sourceOf({ profile, image }: AskedOfSuite['card'], folder: string): CardSource | null {
  if (profile !== undefined) return { kind: 'profile', name: isProfileName(profile) ? profile : join(folder, profile) };
  return image === undefined ? null : { kind: 'image', fileOrName: join(folder, image) };
}
