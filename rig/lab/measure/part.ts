import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CannotRun } from '../../console/failure.ts';
import type { CommandIo } from '../../console/io.ts';
import { PACKAGE_ROOT } from '../../console/package-root.ts';

const PROGRAM = join(PACKAGE_ROOT, 'bin', 'vitap.js');
const READY_MS = 300_000;
/** Until one that ended by itself is started again, as systemd does. */
const RESTART_MS = 500;
const MOST_KEPT = 4000;
/** How long one that was asked to end may take. */
const END_MS = 10_000;

export interface PartChoice {
  readonly name: string;
  readonly args: readonly string[];
  /** What it prints when it is ready. */
  readonly ready: RegExp;
  /** For its state and its temporary files. */
  readonly folder: string;
  readonly env: CommandIo['env'];
  readonly signal: AbortSignal;
}

/** A verb of ours in a process of its own, which is killed and started again. */
export class Part {
  readonly name: string;
  readonly #choice: PartChoice;
  #child: ChildProcess | null = null;
  #wanted = false;
  #printed = '';
  #heard = (): void => {};

  constructor(choice: PartChoice) {
    this.name = choice.name;
    this.#choice = choice;
  }

  /** Null: it does not run now. */
  get pid(): number | null {
    return this.#child === null || hasEnded(this.#child) ? null : (this.#child.pid ?? null);
  }

  /** @returns when it is ready @throws {CannotRun} it ended before, or took too long; the reason of the signal */
  async start(): Promise<void> {
    this.#wanted = true;
    this.#spawn();
    const { ready, signal, name } = this.#choice;
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]);
    while (!ready.test(this.#printed)) {
      signal.throwIfAborted();
      if (this.pid === null || deadline.aborted) {
        this.#wanted = false;
        const last = this.#printed.trim().split('\n').at(-1) ?? '';
        throw new CannotRun(`${name} ${deadline.aborted ? 'was not ready in time' : 'ended'}: ${last}`);
      }
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        deadline.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  /** By SIGKILL; it is not started again. @returns when it has ended */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As Ctrl-C does. */
  async end(): Promise<void> {
    const force = setTimeout(() => this.#child?.kill('SIGKILL'), END_MS);
    await this.#end('SIGINT');
    clearTimeout(force);
  }

  /** Starts one that was killed; it may take as long as it needs, and many times, as its server or database may be away. */
  startAgain(): void {
    this.#wanted = true;
    this.#spawn();
  }

  async #end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    this.#wanted = false;
    const dying = this.#child;
    if (dying === null || hasEnded(dying)) return;
    const closed = once(dying, 'close');
    dying.kill(signal);
    await closed;
  }

  #spawn(): void {
    const { args, folder, env } = this.#choice;
    this.#printed = '';
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      // What a killed one leaves lies in this folder and goes with it.
      // A pin is of another lab than this one, which has no TLS.
      env: { ...env, XDG_STATE_HOME: folder, TMPDIR: folder, VITAP_LAB_PIN: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const hear = (chunk: unknown): void => {
      this.#printed = `${this.#printed}${String(chunk)}`.slice(-MOST_KEPT);
      this.#heard();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', hear);
    child.on('close', (code) => {
      this.#heard();
      // One that finds no database ends by itself, and comes again.
      if (code !== null && this.#wanted) setTimeout(() => this.#wanted && this.#spawn(), RESTART_MS);
    });
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
