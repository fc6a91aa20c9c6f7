import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { CannotRun } from '../../console/failure.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';
import { firmwareFolder } from './board-description.ts';
import { runTool } from './run-tool.ts';

const file = z.string().regex(/^[\w.-]+$/);

const ENGINE = z.strictObject({
  name: z.string(),
  version: z.string(),
  licence: z.string(),
  source: z.strictObject({ suite: file, package: file, version: file }),
  archive: file,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  folder: file,
  sources: z.array(file),
  compiler: z.array(file),
  changes: z.array(z.strictObject({ file, why: z.string(), from: z.string(), to: z.string() })),
});

/** `firmware/engine.yaml`: which engine, where it comes from, and what is changed in it. */
type EngineDescription = z.output<typeof ENGINE>;

/** The engine's sources on this machine, changed, with the compiler of JavaScript made from them. */
export interface Engine {
  readonly folder: string;
  /** Program that makes bytecode. */
  readonly compiler: string;
  readonly sources: readonly string[];
  readonly words: string;
  /** What objects made from it depend on. */
  readonly fingerprint: string;
}

/** Debian's key ring, which signs the archive that the engine comes from. */
const KEY_RING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const COMPILER_PACKAGE = 'gcc';

/** What is fetched and compiled lies here, and is made again when it is gone. */
export function buildFolder(): string {
  return join(PACKAGE_ROOT, '.vitap', 'firmware');
}

/**
 * Fetches, checks, changes and compiles the engine, each only if that has not been done.
 * @param tell told of each step that takes time
 * @throws {CannotRun} no network, another archive than the pinned one, a tool that is missing
 */
export async function prepareEngine(signal: AbortSignal, tell: (line: string) => void): Promise<Engine> {
  const text = readFileSync(join(firmwareFolder(), 'engine.yaml'), 'utf8');
  const engine = ENGINE.parse(parse(text, { schema: 'failsafe' }));
  const fingerprint = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const folder = join(buildFolder(), `engine-${fingerprint}`);
  const made: Engine = {
    folder,
    compiler: join(folder, 'qjsc'),
    sources: engine.sources,
    words: `${engine.name} ${engine.version}`,
    fingerprint,
  };
  if (existsSync(folder)) return made;
  // Under another name until it is whole: what was interrupted is begun again.
  const fresh = `${folder}.${process.pid}.tmp`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const archive = await fetchArchive(engine, signal, tell);
  await runTool('tar', ['--extract', '--file', archive, '--strip-components', '1', '--directory', fresh], {
    cwd: fresh,
    signal,
    from: 'tar xz-utils',
  });
  for (const change of engine.changes) applyChange(fresh, change);
  tell(`compiling ${made.words} for this machine`);
  const sources = [...engine.compiler, ...engine.sources];
  const flags = ['-O1', '-fwrapv', '-w', '-D_GNU_SOURCE', `-DCONFIG_VERSION="${engine.version}"`];
  await runTool('gcc', [...flags, '-o', 'qjsc', ...sources, '-lm', '-ldl', '-lpthread'], {
    cwd: fresh,
    signal,
    from: COMPILER_PACKAGE,
  });
  keepFirst(fresh, folder);
  return made;
}

/** Gives a folder its name; when another run was faster, its folder stays: both hold the same. */
export function keepFirst(fresh: string, folder: string): void {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(fresh, { recursive: true, force: true });
  }
}

function applyChange(folder: string, { file: name, from, to }: EngineDescription['changes'][number]): void {
  const path = join(folder, name);
  const parts = readFileSync(path, 'utf8').split(from);
  if (parts.length !== 2) throw new CannotRun(`${name} of the engine has ${parts.length - 1} places for a change`);
  writeFileSync(path, parts.join(to));
}

/** The archive, by its checksum: from the folder of builds, or from the mirror that this machine's apt uses. */
async function fetchArchive(
  { source, archive, sha256, name }: EngineDescription,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<string> {
  const folder = join(buildFolder(), 'archive');
  const path = join(folder, archive);
  if (existsSync(path) && checksum(path) === sha256) return path;
  mkdirSync(join(folder, 'state', 'lists', 'partial'), { recursive: true });
  mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const mirror = await aptMirror(signal, folder);
  tell(`fetching ${name} (${archive}) from ${mirror}`);
  const sources = join(folder, 'sources.list');
  writeFileSync(sources, `deb-src [signed-by=${KEY_RING}] ${mirror} ${source.suite} main\n`);
  // Folders of their own: the machine's package lists stay as they are.
  const options = Object.entries({
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': 'root',
  }).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const run = { cwd: folder, signal, from: 'apt', timeoutMs: 120_000 };
  await runTool('apt-get', [...options, 'update'], run);
  await runTool('apt-get', [...options, 'source', '--download-only', `${source.package}=${source.version}`], {
    ...run,
    from: 'apt dpkg-dev',
  });
  const found = checksum(path);
  if (found !== sha256) {
    rmSync(path, { force: true });
    throw new CannotRun(`${archive} is not the pinned one: SHA-256 ${found}, not ${sha256}`);
  }
  return path;
}

function checksum(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Where this machine has its Debian packages from. */
async function aptMirror(signal: AbortSignal, cwd: string): Promise<string> {
  const listed = await runTool('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'], {
    cwd,
    signal,
    from: 'apt',
  });
  const sites = listed.split('\n').map((line) => line.trim());
  const mirror = sites.find((site) => /^https?:\/\/[^\s]*debian\/?$/.test(site) && !/security/.test(site));
  if (mirror === undefined) throw new CannotRun('apt has no Debian mirror: the engine comes from Debian’s archive');
  return mirror.replace(/\/$/, '');
}
