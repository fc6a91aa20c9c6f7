import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, hostname, release, type } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT, packageVersion } from '../console/package-root.ts';
import { spanInWords } from './words.ts';

/** Where, with what and when something was measured or judged. The same in every report. */
export interface ReportEnvironment {
  /** `vitap 0.1.0` */
  readonly program: string;
  /** Commit of the checkout that ran, `+` at its end when there were changes; null outside of one. */
  readonly commit: string | null;
  readonly node: string;
  readonly system: string;
  readonly machine: string;
  readonly host: string;
  /** A card of ours in software is `simulated`, whatever it was read through. */
  readonly backend: 'simulated' | 'hardware';
  readonly reader: string;
  readonly protocol: string;
  /** ATR in hex, or null. */
  readonly atr: string | null;
  readonly card: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}

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

/** The environment as rows of a report: what it is called, and what it is. */
export function environmentRows(environment: ReportEnvironment): readonly (readonly [name: string, value: string])[] {
  const { card, backend, reader, protocol, atr } = environment;
  return [
    ['Card', card],
    ['Backend', backend],
    ['Reader', protocol === '' ? reader : `${reader}, ${protocol}`],
    ['ATR', atr ?? 'none'],
    [
      'Program',
      environment.commit === null ? environment.program : `${environment.program}, commit ${environment.commit}`,
    ],
    ['Node', environment.node],
    ['Machine', `${environment.machine}, ${environment.system}, ${environment.host}`],
    ['Started', environment.startedAt],
    ['Took', spanInWords(environment.durationMs)],
  ];
}
