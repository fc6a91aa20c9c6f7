import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, vi } from 'vitest';
import { hasEnded } from '../child-end.ts';

/** What a person runs: it takes its code from the build. */
export const PROGRAM: string = new URL('../../bin/vitap.js', import.meta.url).pathname;

/** A program that runs until it is told to end. */
export class RunningProgram {
  readonly child: ChildProcess;
  out = '';
  err = '';

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // Whoever waits for what it says is told why it could not be started.
    this.child.on('error', (error) => {
      this.err += `${error.message}\n`;
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.out += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.err += chunk.toString();
    });
  }

  /** Waits until it has printed that, on either stream. */
  async says(text: string, timeoutMs = 60_000): Promise<void> {
    await vi.waitFor(() => expect(this.out + this.err).toContain(text), { timeout: timeoutMs, interval: 50 });
  }

  /** What it printed with `--json`, a document on each line. */
  get documents(): unknown[] {
    return this.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  /** As Ctrl-C does, unless it has ended. @returns the exit code; null: a signal ended it */
  async stop(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): Promise<number | null> {
    if (!hasEnded(this.child)) {
      const closed = once(this.child, 'close');
      this.child.kill(signal);
      await closed;
    }
    return this.child.exitCode;
  }

  /** For the end of a test. */
  kill(): void {
    if (!hasEnded(this.child)) this.child.kill('SIGKILL');
  }
}

/** A verb of ours, as a person runs it. */
export class RunningVerb extends RunningProgram {
  constructor(...args: string[]) {
    super(process.execPath, [PROGRAM, ...args]);
  }
}
