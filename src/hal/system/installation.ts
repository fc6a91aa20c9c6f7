import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where vitap runs: from its sources, in the node_modules of a project, or installed for the whole machine. */
export type Installation = 'checkout' | 'dependency' | 'global';

/** What is wrong: the whole package, a package that it needs, or one that is compiled for the Node that runs. */
export type Ailment =
  | { readonly is: 'broken' }
  | { readonly is: 'missing'; readonly name: string }
  | { readonly is: 'unfit'; readonly name: string };

/**
 * Tells the three by the folder of vitap's package.json.
 * @param exists whether there is such a file
 */
export function installationOf(packageRoot: string, exists: (path: string) => boolean = existsSync): Installation {
  const modules = dirname(packageRoot);
  if (basename(modules) !== 'node_modules') return 'checkout';
  // npm's folder for the whole machine has no project around it.
  return exists(join(dirname(modules), 'package.json')) ? 'dependency' : 'global';
}

/** What to type where vitap runs. A package that is left out for want of a compiler comes back with the next install. */
export function cureOf(ailment: Ailment, installation: Installation = installationOf(packageRoot())): string {
  if (installation === 'checkout') return 'npm run setup';
  const everywhere = installation === 'global' ? '-g ' : '';
  switch (ailment.is) {
    case 'broken':
      return `npm install ${everywhere}vitap`;
    case 'missing':
      return `npm install ${everywhere}--include=optional vitap`;
    case 'unfit':
      return `npm rebuild ${everywhere}${ailment.name}`;
  }
}

/** Whether a package lies where this one finds it: inside of it, or beside it. */
export function hasPackage(packageRoot: string, name: string, exists: (path: string) => boolean): boolean {
  return exists(join(packageRoot, 'node_modules', name)) || exists(join(dirname(packageRoot), name));
}

/** The nearest folder above this file with a package.json. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
