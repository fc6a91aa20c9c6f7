import { CannotRun } from '../console/failure.ts';
import { identifyBoard, type ListedPort } from '../endpoint/board-identity.ts';
import { listedPorts } from '../endpoint/ports.ts';
import { parseReader, type ReaderChoice, readerDriver } from '../endpoint/readers.ts';
import type { BoardUnderTest } from './board-under-test.ts';
import type { FirmwareUnderTest } from './firmware-board.ts';
import type { Verifier } from './flash-board.ts';

/** How boards are opened; a test has boards of its own. */
export interface Bench {
  readonly listed: readonly ListedPort[];
  /** The port is not opened before the board is woken. */
  open(port: string): Promise<BoardUnderTest>;
  /** @param text as `--reader` takes it @throws {CannotRun} it reads no board */
  verifier(text: string): Verifier;
}

/** The boards of this station. */
export async function thisBench(): Promise<Bench> {
  const listed = await listedPorts();
  const open = async (port: string): Promise<BoardUnderTest> => {
    const [{ Pn532Board }, { SystemSerialPorts }, { systemClock }] = await Promise.all([
      import('./pn532-board.ts'),
      import('../../src/hal/serial/serial-port.ts'),
      import('../../src/hal/system/clock.ts'),
    ]);
    return new Pn532Board(identifyBoard(port, listed), { opener: new SystemSerialPorts(), clock: systemClock });
  };
  return {
    listed,
    open,
    verifier(text) {
      const choice = readerToVerifyWith(text);
      return {
        name: text,
        open: async () => {
          const { openReader } = await import('../endpoint/open-reader.ts');
          const { reader, name } = await openReader(choice);
          return { reader, readerName: name };
        },
      };
    },
  };
}

/** @throws {CannotRun} no reader, or one that reads only cards of ours in process */
function readerToVerifyWith(text: string): ReaderChoice {
  const choice = parseReader(text);
  const { ourCards, words } = readerDriver(choice);
  if (ourCards === 'in process') throw new CannotRun(`--verify-with: ${words} cannot read a board`);
  return choice;
}

/** A board that runs the card as firmware. The port is not opened before the board is asked. */
export async function openFirmware(port: string, listed: readonly ListedPort[]): Promise<FirmwareUnderTest> {
  const [{ FirmwareUnderTest }, { SystemSerialPorts }, { systemClock }] = await Promise.all([
    import('./firmware-board.ts'),
    import('../../src/hal/serial/serial-port.ts'),
    import('../../src/hal/system/clock.ts'),
  ]);
  return new FirmwareUnderTest(identifyBoard(port, listed), { opener: new SystemSerialPorts(), clock: systemClock });
}
