import { CannotRun } from '../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode } from '../console/io.ts';
import { aborted } from './board-run.ts';
import type { PortBoard } from './serial/port-board.ts';
import { PtyError, PtyPort } from './serial/pty-port.ts';
import type { Timeline } from './timeline.ts';

/** Ctrl-C reaches socat too: an end that it brings about may be told before the signal. */
const SIGNAL_MS = 20;

/**
 * Boards on pseudo-terminals until Ctrl-C.
 * @param plugIn gives each board its port
 * @throws {CannotRun} a port cannot be made, or goes away by itself
 */
export async function onPtys(
  io: CommandIo,
  timeline: Timeline,
  plugIn: (open: (path: string, board: PortBoard) => Promise<PtyPort>) => Promise<void>,
): Promise<ExitCode> {
  const ports: PtyPort[] = [];
  let failed: (error: PtyError) => void = () => {};
  const fault = new Promise<PtyError>((resolve) => {
    failed = resolve;
  });
  try {
    await plugIn(async (path, board) => {
      const port = await PtyPort.open(path, board, failed);
      ports.push(port);
      return port;
    });
    const ended = await Promise.race([aborted(io.signal), fault]);
    if (ended !== null) await new Promise((resolve) => setTimeout(resolve, SIGNAL_MS));
    if (ended !== null && !io.signal.aborted) throw ended;
    return EXIT.pass;
  } catch (error) {
    if (error instanceof PtyError) throw new CannotRun(error.message, { cause: error });
    throw error;
  } finally {
    timeline.stop();
    await Promise.all(ports.map((port) => port.close()));
  }
}
