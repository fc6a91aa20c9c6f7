import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { HalError } from '../../../src/hal/errors.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { readBoard } from './board-description.ts';

export interface RunOptions {
  readonly board: string;
  readonly elf: string;
  /** Where the host finds UART 0: a link to a pseudo-terminal, made here and taken away at the end. */
  readonly host: string;
  /** Serial port of a PN532 for UART 1; null: nothing is there. */
  readonly pn532: string | null;
}

/** qemu says so of each `-serial pty`. */
const PTY = /char device redirected to (\/dev\/pts\/\d+) \(label serial0\)/;
const START_MS = 10_000;

/** `vitap firmware run`: the image in qemu until Ctrl-C, its UARTs on serial ports of this machine. */
export async function runFirmware(options: RunOptions, io: CommandIo): Promise<ExitCode> {
  const board = readBoard(options.board);
  if (board.qemu === undefined) throw new CannotRun(`qemu has no ${board.name}: flash it on a real one`);
  refuseTaken(options.host);
  const args = ['-machine', board.qemu, '-display', 'none', '-monitor', 'none', '-kernel', options.elf];
  // One instruction a nanosecond of its clock, which keeps up with ours where the host can: without it timers stall.
  args.push('-icount', 'shift=auto', '-serial', 'pty');
  args.push(...(options.pn532 === null ? ['-serial', 'null'] : ['-chardev', `serial,id=pn532,path=${options.pn532}`]));
  if (options.pn532 !== null) args.push('-serial', 'chardev:pn532');
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
    child.on('exit', (code, signal) => resolve(`qemu ended (${signal ?? code}): ${shown(said.trim())}`));
  });
  const stop = (): void => void child.kill('SIGKILL');
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    const pty = await started(() => PTY.exec(said)?.[1] ?? null, ended, io.signal);
    symlinkSync(pty, options.host);
    io.stdout(`${board.name} in qemu (simulated): card at --reader firmware:${options.host}\n`);
    if (options.pn532 !== null) io.stdout(`PN532 on ${shown(options.pn532)}\n`);
    const reason = await Promise.race([ended, once(io.signal, 'abort').then(() => null)]);
    if (reason !== null && !io.signal.aborted) throw new CannotRun(reason);
    return EXIT.pass;
  } finally {
    io.signal.removeEventListener('abort', stop);
    stop();
    removeLink(options.host);
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

function refuseTaken(host: string): void {
  let taken = true;
  try {
    // What is left of a run that was killed: a link to a port that is gone, or is nobody's.
    taken = !lstatSync(host).isSymbolicLink() || !readlinkSync(host).startsWith('/dev/pts/');
  } catch {
    return;
  }
  if (taken) throw new CannotRun(`${host} is there already: name a port that is not`);
  removeLink(host);
}

function removeLink(host: string): void {
  rmSync(host, { force: true });
}
