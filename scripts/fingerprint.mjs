import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the build says what it was made of. */
export const BUILD_STAMP = join('dist', '.stamp.json');
/** The built command line: when it is there, the build went to its end. */
export const BUILD_ENTRY = join('dist', 'rig', 'command', 'main.js');

/** What the build is made of, as one SHA-256 in hex: every source, and settings and versions of what compiles it. */
export function sourcesFingerprint(root) {
  const hash = createHash('sha256');
  const versions = ['typescript', 'esbuild', 'preact'].map((name) => join('node_modules', name, 'package.json'));
  const files = [
    ...listSources(root, 'src'),
    ...listSources(root, 'rig'),
    ...['.tsx', '.css'].flatMap((extension) => listFiles(root, 'rig', extension)),
    ...listFiles(root, 'profiles', '.yaml'),
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.pages.json',
    join('scripts', 'pages.mjs'),
    ...versions,
  ];
  for (const file of files) {
    if (!existsSync(join(root, file))) continue;
    const bytes = readFileSync(join(root, file));
    hash.update(`${file}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/** SHA-256 of one file in hex, or null when it is absent. */
export function fileFingerprint(path) {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : null;
}

/** A JSON file, or null when it is absent or not JSON. */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function listSources(root, folder) {
  return listFiles(root, folder, '.ts');
}

function listFiles(root, folder, extension) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith(extension))
    .sort();
}
