import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, vi } from 'vitest';

const PROGRAM = new URL('../../bin/vitap.js', import.meta.url).pathname;

/** A board in qemu, run as a user runs it. */
export class EmulatedBoard {
  out = '';
  readonly host: string;
  readonly #child: ChildProcess;

  constructor(elf: string, host: string, ...more: string[]) {
    this.host = host;
    const args = [PROGRAM, 'firmware', 'run', elf, '--board', 'mps2-an386', '--host', host, ...more];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.out += chunk.toString();
      });
    }
  }

  async started(): Promise<void> {
    await vi.waitFor(() => expect(this.out).toContain('--reader firmware:'), { timeout: 60_000, interval: 50 });
  }

  /** As Ctrl-C does. @returns the exit code */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGINT');
      await closed;
    }
    return this.#child.exitCode;
  }
}
