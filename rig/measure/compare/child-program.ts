import { type ChildProcess, spawn } from 'node:child_process';
import { PACKAGE_ROOT } from '../../console/package-root.ts';

const PATIENCE_MS = 3000;

/** A program beside this one, in a process group of its own, which ends with it. */
export class ChildProgram {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  #said = '';
  #ended = false;

  /** @param args a file under the package's folder, and its arguments */
  static node(args: readonly string[]): ChildProgram {
    return new ChildProgram(process.execPath, args, args[0] as string);
  }

  static shell(command: string): ChildProgram {
    return new ChildProgram('/bin/sh', ['-c', command], command);
  }

  private constructor(program: string, args: readonly string[], name: string) {
    this.name = name;
    const cwd = program === process.execPath ? { cwd: PACKAGE_ROOT } : {};
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...cwd });
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString()).slice(-2000);
    };
    this.#child.stdout?.on('data', hear);
    this.#child.stderr?.on('data', hear);
    this.#closed = new Promise((resolve) => {
      const close = (): void => {
        this.#ended = true;
        resolve();
      };
      this.#child.on('close', close).on('error', close);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** `: …`, the last line that it said, or nothing. */
  get lastWords(): string {
    const last = this.#said.trim().split('\n').at(-1) ?? '';
    return last === '' ? '' : `: ${last}`;
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#signal('SIGTERM');
    const force = setTimeout(() => this.#signal('SIGKILL'), PATIENCE_MS);
    await this.#closed;
    clearTimeout(force);
  }

  /** To the whole group: a shell's children are the program. */
  #signal(name: NodeJS.Signals): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, name);
    } catch {
      // It has gone by itself.
    }
  }
}
