import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url).pathname;

/** What npm ships, in an empty folder that knows nothing of this one. */
export interface InstalledPackage {
  readonly folder: string;
  /** Every file that the package ships. */
  readonly files: readonly string[];
  /** The packed file. */
  readonly tarball: string;
}

/** Packs the build and unpacks it as npm would, with its dependencies beside it; without the network. */
export function installPackage(): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), 'vitap-package-'));
  const args = ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', folder];
  const packed = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }));
  const tarball = join(folder, packed[0].filename);
  const home = join(folder, 'node_modules');
  mkdirSync(home);
  execFileSync('tar', ['-xzf', tarball, '-C', home]);
  execFileSync('mv', [join(home, 'package'), join(home, 'vitap')]);
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(join(ROOT, 'node_modules', name), join(home, name));
  }
  return { folder, files: packed[0].files.map(({ path }: { path: string }) => path), tarball };
}
