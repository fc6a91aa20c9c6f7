import { once } from 'node:events';
import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { readBoard } from './board-description.ts';
import { startEmulator } from './emulator.ts';

export interface RunOptions {
  readonly board: string;
  readonly elf: string;
  /** Where the host finds UART 0: a link to a pseudo-terminal, made here and taken away at the end. */
  readonly host: string;
  /** Serial port of a PN532 for UART 1; null: nothing is there. */
  readonly pn532: string | null;
}

/** `vitap firmware run`: the image in qemu until Ctrl-C, its UARTs on serial ports of this machine. */
export async function runFirmware(options: RunOptions, io: CommandIo): Promise<ExitCode> {
  const board = readBoard(options.board);
  refuseTaken(options.host);
  const emulator = await startEmulator({ ...options, board, time: 'real' }, io.signal);
  try {
    symlinkSync(emulator.port, options.host);
    io.stdout(`${board.name} in qemu (simulated): card at --reader firmware:${options.host}\n`);
    if (options.pn532 !== null) io.stdout(`PN532 on ${shown(options.pn532)}\n`);
    const reason = await Promise.race([emulator.ended, once(io.signal, 'abort').then(() => null)]);
    if (reason !== null && !io.signal.aborted) throw new CannotRun(reason);
    return EXIT.pass;
  } finally {
    await emulator.stop();
    removeLink(options.host);
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
