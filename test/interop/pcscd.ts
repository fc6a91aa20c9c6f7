import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { VPCD_PORT } from '../../src/hal/vpcd/index.ts';
import { hasEnded } from '../child-end.ts';

const SOCKET = '/run/pcscd/pcscd.comm';
const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 3000;

/**
 * Whether a pcscd can be started and killed here: in the namespace of scripts/private-pcscd.sh, or as root where no
 * other one runs.
 */
export function pcscdIsOurs(): boolean {
  if (process.env.VITAP_PRIVATE_PCSCD === '1') return true;
  return process.getuid?.() === 0 && !portListens(VPCD_PORT) && !socketListens(SOCKET);
}

/** A pcscd with its vpcd driver: one of our own where that can be, else the machine's. */
export class Pcscd {
  #child: ChildProcess | null;
  #log = '';

  /** Returns when clients and cards can reach it. @param options.apduLog writes every APDU into `log` */
  static async start(options: { readonly apduLog?: boolean } = {}): Promise<Pcscd> {
    if (!pcscdIsOurs()) {
      if (!portListens(VPCD_PORT)) throw new Error('no pcscd runs here, and none can be started');
      return new Pcscd(null);
    }
    // What one that was killed left behind.
    rmSync(SOCKET, { force: true });
    rmSync('/run/pcscd/pcscd.pid', { force: true });
    const command = ['pcscd', '--foreground', options.apduLog === true ? '--apdu' : '--error'];
    // It must not outlive this process, even killed outright.
    if (spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0) {
      command.unshift('setpriv', '--pdeathsig', 'KILL');
    }
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env });
    await once(child, 'spawn');
    const daemon = new Pcscd(child);
    await daemon.#started();
    return daemon;
  }

  private constructor(child: ChildProcess | null) {
    this.#child = child;
    for (const stream of [child?.stdout, child?.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
    }
  }

  /** What it printed; empty for the machine's own. */
  get log(): string {
    return this.#log;
  }

  get running(): boolean {
    return this.#child === null || !hasEnded(this.#child);
  }

  /** `kill -9`: it leaves its socket behind, and its clients without a word. */
  async kill9(): Promise<void> {
    if (this.#child === null) throw new Error('this pcscd is not ours to kill');
    await this.#end('SIGKILL');
  }

  /** `SIGSTOP`: it stays there and answers nobody, until `SIGCONT`. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#child === null) throw new Error('this pcscd is not ours to stop');
    this.#child.kill(signal);
  }

  /** Ends it when it is ours. May be called again, and after `kill9`. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #started(): Promise<void> {
    const deadlineMs = performance.now() + START_LIMIT_MS;
    while (!(socketListens(SOCKET) && portListens(VPCD_PORT))) {
      if (!this.running || performance.now() > deadlineMs) {
        await this.#end('SIGKILL');
        throw new Error(`pcscd did not start:\n${this.#log}`);
      }
      await pause(20);
    }
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null || !this.running) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(insist);
  }
}

/** A daemon that was killed leaves the file behind, but nobody listens. */
function socketListens(path: string): boolean {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${path}`));
}

/** Looked up and not tried: whoever connects to vpcd's port is a card. */
function portListens(port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(([, local, , state]) => local?.endsWith(wanted) && state === '0A');
}
