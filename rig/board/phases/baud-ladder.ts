import { sameBytes } from '../../../src/apdu/same-bytes.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { BoardFault, type Phase } from '../phase.ts';
import { LADDER } from './ladder-rates.ts';

const ECHOES = 40;
const ECHO_BYTES = 128;

/** Echoes at each rate up to 921600, and back to 115200. */
export const baudLadder: Phase = {
  id: 'baud-ladder',
  title: 'Baud ladder',
  fatal: false,
  measurements: LADDER.flatMap((rate) => [
    {
      id: `errors-${rate}`,
      what: `Echoes lost or wrong at ${rate} baud`,
      unit: '%',
      limits: { max: 0 },
      timed: true as const,
    },
    { id: `throughput-${rate}`, what: `Bytes a second at ${rate} baud, both ways`, unit: 'B/s', limits: null },
  ]),
  async run({ board, measure, keep, say, clock, signal }) {
    const home = board.baudRate;
    let reached: number | null = null;
    try {
      for (const rate of LADDER) {
        say(`${rate} baud`);
        signal.throwIfAborted();
        await switchTo(board, rate, reached);
        reached = rate;
        let wrong = 0;
        const times: number[] = [];
        const startNs = clock.nowNs();
        for (let i = 0; i < ECHOES; i++) {
          signal.throwIfAborted();
          const echoNs = clock.nowNs();
          if (!(await echoes(board, i))) wrong++;
          times.push((clock.nowNs() - echoNs) / 1e6);
        }
        measure(`errors-${rate}`, (100 * wrong) / ECHOES);
        measure(`throughput-${rate}`, Math.round((2 * ECHOES * ECHO_BYTES) / ((clock.nowNs() - startNs) / 1e9)));
        keep({ id: `echo-${rate}`, what: `Echo of ${ECHO_BYTES} bytes at ${rate} baud`, unit: 'ms', values: times });
      }
    } finally {
      // Interrupted: whoever closes the board brings it back.
      if (!signal.aborted && (board.baudRate !== home || reached === null))
        await board.setBaudRate(home).catch(() => board.recover());
    }
  },
};

async function switchTo(
  board: Parameters<Phase['run']>[0]['board'],
  rate: number,
  reached: number | null,
): Promise<void> {
  if (board.baudRate === rate) return;
  try {
    await board.setBaudRate(rate);
  } catch (cause) {
    if (!(cause instanceof HalError) || (cause.kind !== 'timeout' && cause.kind !== 'protocol')) throw cause;
    await board.recover().catch(() => {});
    const last = reached === null ? 'not even at its first rate' : `it did at ${reached}`;
    throw new BoardFault(`the board does not answer at ${rate} baud (${last}): ${cause.message}`, { cause });
  }
}

/** A lost or damaged echo counts; a lost port ends the phase. */
async function echoes(board: Parameters<Phase['run']>[0]['board'], turn: number): Promise<boolean> {
  const sent = Uint8Array.from({ length: ECHO_BYTES }, (_, i) => (i * 7 + turn * 13) & 0xff);
  try {
    return sameBytes(sent, await board.echo(sent));
  } catch (error) {
    if (error instanceof HalError && (error.kind === 'timeout' || error.kind === 'protocol')) return false;
    throw error;
  }
}
