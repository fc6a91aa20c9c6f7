import { existsSync } from 'node:fs';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { aborted, type BoardRun, keepFlash, restoreFlash, type Say, sayFault, sayTo } from '../board-run.ts';
import { SimulatedUf2Drive, type Uf2DriveEvent } from './drive.ts';

const FLASH = 0x10000000;

/** RP2040 boards in their bootloader, each a folder that anybody can copy a file into. */
export async function runDrives({ names, pathOf, faultsOf, keep }: BoardRun, io: CommandIo): Promise<ExitCode> {
  const say = sayTo(io, systemClock);
  const drives = new Map<string, SimulatedUf2Drive>();
  try {
    for (const name of names) {
      const path = pathOf(name);
      if (existsSync(path)) throw new CannotRun(`${path} exists already: a drive is a folder that comes and goes`);
      const drive = new SimulatedUf2Drive(path, 'RP2040', faultsOf(name));
      restoreFlash(keep, name, drive.flash);
      drive.onEvent = (event) => tell(name, event, say);
      drives.set(name, drive);
      drive.plug();
      say(
        { event: 'port', board: name, path, device: path },
        `board ${name}: ${path}, simulated RP2040 in its bootloader`,
      );
    }
    say({ event: 'ready', boards: names.length, pair: false, simulated: true }, 'ready; Ctrl-C ends');
    await aborted(io.signal);
    return EXIT.pass;
  } finally {
    for (const [name, drive] of drives) {
      drive.unplug();
      keepFlash(keep, name, drive.flash);
    }
  }
}

function tell(board: string, event: Uf2DriveEvent, say: Say): void {
  switch (event.type) {
    case 'written':
      say(
        { event: 'written', board, blocks: event.blocks },
        `${board}  ${event.blocks === 1 ? 'its only block is' : `all ${event.blocks} blocks are`} in its flash`,
      );
      return;
    case 'started':
      say({ event: 'started', board, address: FLASH }, `${board}  its program starts`);
      return;
    case 'fault':
      sayFault(say, board, event.fault, event.occasion);
      return;
    default:
      say({ event: event.type, board }, `${board}  ${event.type}`);
  }
}
