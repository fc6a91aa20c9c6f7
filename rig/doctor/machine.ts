import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PACKAGE_ROOT } from '../console/package-root.ts';

/** `load`: nfc-pcsc. `load-ffi`: the PC/SC library. `readers`: what PC/SC lists. `vpcd-delay`: times an echo through pcscd and vpcd. */
export type ProbeName = 'load' | 'load-ffi' | 'readers' | 'vpcd-delay';

/** What became of a program that was run. */
export interface Ran {
  /** `absent`: there is no such program. `killed`: it ended by a signal, its own or ours after the time allowed. */
  readonly outcome: 'exited' | 'absent' | 'killed';
  /** 0 unless it exited otherwise. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine as the checks look at it. Nothing here waits without an end. */
export interface Machine {
  readonly platform: string;
  /** `v20.20.2` */
  readonly nodeVersion: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of our package.json. */
  readonly packageRoot: string;
  /** A file's text, or null when it cannot be read. */
  readText(path: string): string | null;
  exists(path: string): boolean;
  /** Names in a folder; none when it cannot be read. */
  list(folder: string): readonly string[];
  /** Whether this process may read and write it. */
  mayUse(path: string): boolean;
  /** Where a program is, or null. */
  findProgram(name: string): string | null;
  run(program: string, args: readonly string[], timeoutMs: number): Promise<Ran>;
  /**
   * Runs one of the probes of probe.ts in a process of its own, which a native module may crash or hang.
   * @returns what it printed is one JSON document when it exited with 0, else a sentence on stderr
   */
  probe(name: ProbeName, timeoutMs: number): Promise<Ran>;
  /** Whether somebody listens on a Unix socket. */
  probeSocket(path: string, timeoutMs: number): Promise<'open' | 'refused' | 'absent' | 'denied' | 'silent'>;
  /** A module of the package's own, by its path from the package's folder; null when it is not there. */
  load(path: string): Promise<unknown>;
}

/** probe.ts, or probe.js in the build. */
const PROBE = fileURLToPath(import.meta.url).replace(/machine(\.[jt]s)$/, 'probe$1');

/**
 * The machine that this process runs on.
 * @param nodeOptions for the probes, where plain Node cannot run them
 */
export function thisMachine(env: Machine['env'], nodeOptions: readonly string[] = []): Machine {
  return {
    platform: process.platform,
    nodeVersion: process.version,
    env,
    packageRoot: PACKAGE_ROOT,
    readText: (path) => orElse(null, () => readFileSync(path, 'utf8')),
    exists: existsSync,
    list: (folder) => orElse([], () => readdirSync(folder).sort()),
    mayUse: (path) =>
      orElse(false, () => {
        accessSync(path, constants.R_OK | constants.W_OK);
        return true;
      }),
    findProgram: (name) => {
      // Services live in sbin, which is not on every user's path.
      const folders = [...(env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
      return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
    },
    run: runProgram,
    probe: (name, timeoutMs) => runProgram(process.execPath, [...nodeOptions, PROBE, name], timeoutMs),
    probeSocket,
    load: (path) => {
      const full = join(PACKAGE_ROOT, path);
      return existsSync(full) ? import(pathToFileURL(full).href) : Promise.resolve(null);
    },
  };
}

function orElse<T>(otherwise: T, attempt: () => T): T {
  try {
    return attempt();
  } catch {
    return otherwise;
  }
}

function runProgram(program: string, args: readonly string[], timeoutMs: number): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const settle = (outcome: Ran['outcome'], exitCode: number): void => {
      clearTimeout(timer);
      resolve({ outcome, exitCode, stdout, stderr });
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // Not when its pipes close: a child of its own could hold them open for good.
      settle('killed', 0);
    }, timeoutMs);
    child.on('error', () => settle('absent', 0));
    child.on('close', (code) => (code === null ? settle('killed', 0) : settle('exited', code)));
  });
}

function probeSocket(path: string, timeoutMs: number): ReturnType<Machine['probeSocket']> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (answer: 'open' | 'refused' | 'absent' | 'denied' | 'silent'): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => settle('silent'));
    socket.on('connect', () => settle('open'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') settle('absent');
      else settle(error.code === 'EACCES' || error.code === 'EPERM' ? 'denied' : 'refused');
    });
  });
}
