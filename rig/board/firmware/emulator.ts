import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HalError } from '../../../src/hal/errors.ts';
import { CannotRun } from '../../console/failure.ts';
import { shown } from '../../console/shown.ts';
import type { BoardDescription } from './board-description.ts';

export interface EmulatorOptions {
  readonly board: BoardDescription;
  readonly elf: string;
  /** Serial port of a PN532 for UART 1; null: nothing is there. */
  readonly pn532: string | null;
  /**
   * `real`: its clock keeps up with ours where the host can. `counted`: an instruction is a nanosecond of its clock, so that
   * its times are counts of instructions. Without either timers stall.
   */
  readonly time: 'real' | 'counted';
}

/** A board in qemu. */
export interface Emulator {
  /** Pseudo-terminal of UART 0. */
  readonly port: string;
  /** Why it ended by itself. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** qemu says so of each `-serial pty`. */
const PTY = /char device redirected to (\/dev\/pts\/\d+) \(label serial0\)/;
const START_MS = 10_000;

/** The first line of what qemu complained of; behind a crash it shows every register. */
function complaintOf(said: string): string {
  const lines = said.split('\n').map((line) => line.replace(/^qemu(-system-arm)?: /, '').trim());
  const complaint = lines.find((line) => line !== '' && !PTY.test(line));
  return complaint === undefined ? '' : `: ${shown(complaint)}`;
}

/** @throws {CannotRun} qemu has no such board, is not here, or ended; {HalError} `aborted` */
export async function startEmulator(options: EmulatorOptions, signal: AbortSignal): Promise<Emulator> {
  const { board, elf, pn532, time } = options;
  if (board.qemu === undefined) throw new CannotRun(`qemu has no ${board.name}: flash it on a real one`);
  const args = ['-machine', board.qemu, '-display', 'none', '-monitor', 'none', '-kernel', elf];
  args.push('-icount', time === 'real' ? 'shift=auto' : 'shift=0', '-serial', 'pty');
  args.push(...(pn532 === null ? ['-serial', 'null'] : ['-chardev', `serial,id=pn532,path=${pn532}`]));
  if (pn532 !== null) args.push('-serial', 'chardev:pn532');
  const child = spawn('qemu-system-arm', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (chunk: Buffer): void => {
    if (said.length < 4000) said += chunk.toString('latin1');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'qemu is not installed: apt-get install qemu-system-arm' : error.message),
    );
    child.on('exit', (code, by) => resolve(`qemu ended (${by ?? code})${complaintOf(said)}`));
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const stop = async (): Promise<void> => {
    signal.removeEventListener('abort', kill);
    const over = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    const closed = over ? null : once(child, 'exit');
    kill();
    await closed;
  };
  try {
    return { port: await started(() => PTY.exec(said)?.[1] ?? null, ended, signal), ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until the emulator has said where its port is. @throws {CannotRun} it ended before, or says nothing */
async function started(port: () => string | null, ended: Promise<string>, signal: AbortSignal): Promise<string> {
  const deadlineMs = performance.now() + START_MS;
  for (;;) {
    const found = port();
    if (found !== null) return found;
    const pause = new Promise<null>((resolve) => setTimeout(resolve, 20, null));
    const reason = await Promise.race([ended, pause]);
    if (signal.aborted) throw new HalError('aborted', 'interrupted');
    if (reason !== null) throw new CannotRun(reason);
    if (performance.now() > deadlineMs) throw new CannotRun('qemu did not say where its serial port is');
  }
}
