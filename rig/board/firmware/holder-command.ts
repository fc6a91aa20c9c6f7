import { FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { SystemSerialPorts } from '../../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { lockThere, unlockInWords, unlockThere } from '../../card/phone-screen.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { type PinChoice, readPin } from '../../console/pin.ts';

export interface HolderOptions {
  /** Serial port of the board's UART to the host. */
  readonly port: string;
  readonly timeoutMs: number;
  /** Null: lock. */
  readonly unlock: PinChoice | null;
}

/**
 * `vitap firmware unlock`, `lock`: the holder at a board whose card has a screen of its own.
 * @returns 1: the card did not take the code
 */
export async function holderCommand(options: HolderOptions, io: CommandIo): Promise<ExitCode> {
  const code = options.unlock === null ? null : await readPin(options.unlock, io);
  if (options.unlock !== null && code === null) {
    throw new CannotRun('unlock needs the code: --pin, --pin-file FILE, or VITAP_PIN');
  }
  const reader = new FirmwareReader({ path: options.port, lines: new SystemSerialPorts(), clock: systemClock });
  try {
    const board = await reader.board({ timeoutMs: options.timeoutMs, signal: io.signal });
    const { windowSeconds } = await board.card();
    if (windowSeconds === 0) throw new CannotRun(unlockInWords({ outcome: 'not-a-phone' }));
    if (code === null) {
      await lockThere((command) => board.asHolder(command));
      io.stdout('locked\n');
      return EXIT.pass;
    }
    const unlock = await unlockThere((command) => board.asHolder(command), code);
    if (unlock.outcome !== 'unlocked') {
      io.stderr(`${unlockInWords(unlock)}\n`);
      return EXIT.fail;
    }
    io.stdout(`unlocked for ${windowSeconds} s\n`);
    return EXIT.pass;
  } finally {
    code?.fill(0);
    await reader.close();
  }
}
