import { once } from 'node:events';
import { lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { type BoardDescription, readBoard } from './board-description.ts';
import { startEmulator } from './emulator.ts';
import { findMark, markInWords } from './mark.ts';
import { readFirmware } from './read-firmware.ts';

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
  refuseForeign(options.elf, board);
  refuseTaken(options.host);
  const emulator = await startEmulator({ ...options, board, time: 'real' }, io.signal);
  try {
    link(emulator.port, options.host);
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

/** What is not for this board would crash in the emulator, or do nothing. @throws {CannotRun} */
function refuseForeign(elf: string, board: BoardDescription): void {
  if (board.qemu === undefined) throw new CannotRun(`qemu has no ${board.name}: flash it on a real one`);
  const { format, segments } = readFirmware(elf, null, board.flash.origin);
  if (format !== 'ELF') throw new CannotRun(`${elf} is no ELF file: give the one that vitap firmware build made`);
  const mark = findMark(segments);
  if (mark === null) throw new CannotRun(`${elf} is no firmware that vitap firmware build made`);
  if (mark.board !== board.name) throw new CannotRun(`${elf} is for another board: ${markInWords(mark)}`);
}

function link(port: string, host: string): void {
  try {
    symlinkSync(port, host);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such folder' : code;
    throw new CannotRun(`the port ${host} cannot be made: ${why}`, { cause: error });
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
