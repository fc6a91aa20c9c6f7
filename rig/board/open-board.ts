import { CannotRun } from '../console/failure.ts';
import { identifyBoard, type ListedPort } from '../endpoint/board-identity.ts';
import { listedPorts } from '../endpoint/ports.ts';
import type { BoardUnderTest } from './board-under-test.ts';
import type { Verifier } from './flash-board.ts';

/** How boards are opened; a test has boards of its own. */
export interface Bench {
  readonly listed: readonly ListedPort[];
  /** The port is not opened before the board is woken. */
  open(port: string): Promise<BoardUnderTest>;
  /** `pn532:PORT` or `pcsc:NAME`. */
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
      const port = portOf(text);
      return {
        name: text,
        open: async () => {
          if (port !== null) return { reader: await (await open(port)).reader(), readerName: null };
          const [{ PcscReader }, { systemClock }] = await Promise.all([
            import('../../src/hal/pcsc/index.ts'),
            import('../../src/hal/system/clock.ts'),
          ]);
          const name = text.slice('pcsc'.length).replace(/^:/, '');
          return { reader: new PcscReader({ clock: systemClock }), readerName: name === '' ? null : name };
        },
      };
    },
  };
}

/** `pn532:PORT`; null when it is a PC/SC reader. @throws {CannotRun} neither */
function portOf(text: string): string | null {
  if (text.startsWith('pn532:') && text.length > 'pn532:'.length) return text.slice('pn532:'.length);
  if (text === 'pcsc' || text.startsWith('pcsc:')) return null;
  throw new CannotRun(`${text} can read nothing: --verify-with takes pn532:PORT or pcsc:NAME`);
}
