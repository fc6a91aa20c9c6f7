import { toHex } from '../../../src/apdu/hex.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { FirmwareBoard, PutRefusal } from '../../../src/hal/firmware/board.ts';
import { FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { SystemSerialPorts } from '../../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { type CommandIo, EXIT, type ExitCode } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { readFlashImage } from '../flash-image.ts';

export interface PutOptions {
  /** Serial port of the board's UART to the host. */
  readonly port: string;
  readonly image: string;
  readonly timeoutMs: number;
}

/**
 * `vitap firmware put`: another card into a board that runs the firmware.
 * @returns 1: the board did not take it, and has its old card
 */
export async function putCommand({ port, image: file, timeoutMs }: PutOptions, io: CommandIo): Promise<ExitCode> {
  const image = readFlashImage(file, null);
  const reader = new FirmwareReader({ path: port, lines: new SystemSerialPorts(), clock: systemClock });
  try {
    const board = await reader.board({ timeoutMs, signal: io.signal });
    const before = await cardThere(board);
    const refusal = await board.put(image.contents, io.signal);
    if (refusal !== null) {
      io.stderr(`vitap: ${shown(`firmware:${port}: ${inWords(refusal, image.contents.length)}`)}\n`);
      return EXIT.fail;
    }
    io.stdout(
      `${shown(`firmware:${port} has the card of ${file}: profile ${image.profile}, serial number ${image.cardSerial}; read back: ${image.contents.length} bytes, all as in the file.`)}\n${shown(`It took the place of ${before}. The board starts anew.`)}\n`,
    );
    return EXIT.pass;
  } finally {
    await reader.close();
  }
}

async function cardThere(board: FirmwareBoard): Promise<string> {
  try {
    const { profile, serial } = await board.identity();
    return `a card of profile ${profile}, serial number ${toHex(serial)}`;
  } catch (error) {
    if (error instanceof HalError && error.kind === 'unsupported') return 'nothing: the flash held no card';
    throw error;
  }
}

function inWords(refusal: PutRefusal, size: number): string {
  const kept = 'the board has its old card';
  if (typeof refusal === 'object') {
    return `the image has ${size} bytes, and the flash of this board holds ${refusal.largest}; ${kept}`;
  }
  if (refusal === 'no-card') return `the board says that this is no card that would start; ${kept}`;
  if (refusal === 'no-flash') return `the flash of the board did not take the card; ${kept}`;
  if (refusal === 'torn') return `the image came damaged; ${kept}`;
  return 'the flash of the board gives back something else than was sent';
}
