import { toHex } from '../../../src/apdu/hex.ts';
import { HalError } from '../../../src/hal/errors.ts';
import type { FirmwareBoard, PutRefusal } from '../../../src/hal/firmware/board.ts';
import { FirmwareReader } from '../../../src/hal/firmware/index.ts';
import { SystemSerialPorts } from '../../../src/hal/serial/serial-port.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { imageNames } from '../../card/image-name.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import { identifyBoard } from '../../endpoint/board-identity.ts';
import { listedPorts } from '../../endpoint/ports.ts';
import { readFlashImage } from '../flash-image.ts';

export interface PutOptions {
  /** Serial port of the board's UART to the host. */
  readonly port: string;
  readonly image: string;
  readonly timeoutMs: number;
  /** The lab's key that names images; null: the one in the state folder. */
  readonly imageKey: string | null;
}

/** The card that was there before. */
interface Replaced {
  readonly profile: string;
  readonly cardSerial: string;
}

/**
 * `vitap firmware put`: another card into a board that runs the firmware.
 * @returns 1: the board did not take it, and has its old card
 */
export async function putCommand(options: PutOptions, io: CommandIo): Promise<ExitCode> {
  const { port, image: file, timeoutMs, imageKey } = options;
  const image = readFlashImage(file, null);
  const names = imageNames(imageKey, io.env);
  const board = identifyBoard(port, await listedPorts());
  const { backend } = board;
  const common = { id: 'firmware-put', backend, board } as const;
  const reader = new FirmwareReader({ path: port, lines: new SystemSerialPorts(), clock: systemClock });
  try {
    const running = await reader.board({ timeoutMs, signal: io.signal });
    const replaced = await cardThere(running);
    const refusal = await running.put(image.contents, io.signal);
    if (refusal !== null) {
      const reason = inWords(refusal, image.contents.length);
      io.stderr(`vitap: ${shown(`firmware:${port}: ${reason}`)}\n`);
      if (io.json) writeJson(io, { ...common, verdict: 'fail', reason });
      return EXIT.fail;
    }
    const { profile, cardSerial, contents, source } = image;
    const verified = `read back: ${contents.length} bytes, all as in the file`;
    if (io.json) {
      const card = { profile, cardSerial, source, imageName: names.of(contents) };
      writeJson(io, { ...common, verdict: 'pass', ...card, verified, replaced });
    } else {
      const what = `profile ${profile}, serial number ${cardSerial}; ${verified}`;
      io.stdout(
        `${shown(`firmware:${port} has the card of ${file}: ${what}.`)}\n${shown(`It took the place of ${replacedInWords(replaced)}. The board starts anew.`)}\n`,
      );
    }
    return EXIT.pass;
  } finally {
    await reader.close();
  }
}

/** @returns null: the flash holds none */
async function cardThere(board: FirmwareBoard): Promise<Replaced | null> {
  try {
    const { profile, serial } = await board.identity();
    return { profile, cardSerial: toHex(serial) };
  } catch (error) {
    if (error instanceof HalError && error.kind === 'unsupported') return null;
    throw error;
  }
}

function replacedInWords(replaced: Replaced | null): string {
  if (replaced === null) return 'nothing: the flash held no card';
  return `a card of profile ${replaced.profile}, serial number ${replaced.cardSerial}`;
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
