import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, hostname, release, type } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT, packageVersion } from '../console/package-root.ts';
import type { ReportEnvironment } from './environment.ts';

/** What does not depend on the card. */
export function hostEnvironment(): Pick<
  ReportEnvironment,
  'program' | 'commit' | 'node' | 'system' | 'machine' | 'host'
> {
  return { ...hostVersions(), commit: commit(), machine: cpus()[0]?.model ?? 'unknown', host: hostname() };
}

/** The part of it for which no other program is started. */
export function hostVersions(): Pick<ReportEnvironment, 'program' | 'node' | 'system'> {
  return { program: `vitap ${packageVersion()}`, node: process.version, system: `${type()} ${release()}` };
}

function commit(): string | null {
  if (!existsSync(join(PACKAGE_ROOT, '.git'))) return null;
  const git = (...args: string[]): string | null => {
    const { status, stdout } = spawnSync('git', ['-C', PACKAGE_ROOT, ...args], { encoding: 'utf8', timeout: 5000 });
    return status === 0 ? stdout.trim() : null;
  };
  const head = git('rev-parse', '--short=12', 'HEAD');
  if (head === null) return null;
  return git('status', '--porcelain', '--untracked-files=no') === '' ? head : `${head}+`;
}
