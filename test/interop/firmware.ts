import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, vi } from 'vitest';
import { hasEnded } from '../child-end.ts';

const PROGRAM = new URL('../../bin/vitap.js', import.meta.url).pathname;

/** A command that runs until Ctrl-C. */
class Running {
  out = '';
  readonly #child: ChildProcess;

  constructor(...args: string[]) {
    this.#child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.out += chunk.toString();
      });
    }
  }

  protected async says(text: string): Promise<void> {
    await vi.waitFor(() => expect(this.out).toContain(text), { timeout: 60_000, interval: 50 });
  }

  /** As Ctrl-C does. @returns the exit code */
  async stop(): Promise<number | null> {
    if (!hasEnded(this.#child)) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGINT');
      await closed;
    }
    return this.#child.exitCode;
  }
}

/** A board in qemu, run as a user runs it. */
export class EmulatedBoard extends Running {
  readonly host: string;

  constructor(elf: string, host: string, ...more: string[]) {
    super('firmware', 'run', elf, '--board', 'mps2-an386', '--host', host, ...more);
    this.host = host;
  }

  started(): Promise<void> {
    return this.says('--reader firmware:');
  }
}

/** Two simulated PN532 boards in one field. */
export class BoardPair extends Running {
  constructor(a: string, b: string) {
    super('board', 'sim', '--pair', '--link-a', a, '--link-b', b);
  }

  started(): Promise<void> {
    return this.says('ready');
  }

  /** A host has made one of them a card. */
  targeted(): Promise<void> {
    return this.says('TgInitAsTarget');
  }
}

/** `vitap record` between the card of a board and the first slot of vpcd. */
export class RecordingRelay extends Running {
  constructor(trace: string, host: string) {
    super('record', trace, '--reader', `firmware:${host}`, '--to', 'vpcd');
  }
}
