import type { Clock } from '../../../src/hal/clock.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { createLoopback } from '../../../src/hal/loopback/index.ts';
import { PcscReader } from '../../../src/hal/pcsc/index.ts';
import type { Pn532 } from '../../../src/hal/pn532/chip.ts';
import type { CardSession, Reader } from '../../../src/hal/reader.ts';
import { VPCD_PORT, VpcdLink } from '../../../src/hal/vpcd/index.ts';
import { EchoCard } from '../../card/echo-card.ts';
import {
  connectToEcho,
  ECHO_BYTES,
  ECHO_COMMAND,
  ECHO_COUNT,
  ECHO_WARM_UP,
  timeEchoes,
} from '../../card/echo-exchanges.ts';
import { median } from '../../figures/quantile.ts';

/** What the way to the card takes by itself: something that answers at once, at the end of the same link. */
export interface Echo {
  /** `echo card`, `communication line test`. */
  readonly what: string;
  readonly medianNs: number;
  readonly count: number;
  /** Bytes there and back. */
  readonly bytes: number;
}

const CARD_SEEN_MS = 3000;

const ECHO_NAME = 'vitap-tap';

/** An echo card in a loopback of its own. */
export async function echoInProcess(clock: Clock): Promise<Echo> {
  const card = new EchoCard(ECHO_NAME);
  const { link, reader } = createLoopback({ interface: 'contact', clock });
  const served = link.serve(card);
  try {
    return await measure(await reader.connect({ timeoutMs: 1000 }), 'echo card');
  } finally {
    await reader.close();
    link.stop();
    await served;
  }
}

/**
 * An echo card in whichever slot of vpcd is free.
 * @throws {HalError} no slot is free, or PC/SC never saw it
 */
export async function echoThroughVpcd(clock: Clock, signal: AbortSignal): Promise<Echo> {
  const card = new EchoCard(ECHO_NAME);
  let reason: unknown = null;
  // The card that is benched is in one of them, most likely the first.
  for (const port of [VPCD_PORT + 1, VPCD_PORT]) {
    const link = new VpcdLink({ interface: 'contact', clock, port, silenceMs: 1000 });
    const gone = link.serve(card).then(() => Promise.reject(new HalError('no-card', 'the echo card left')));
    gone.catch(() => {});
    const reader = new PcscReader({ clock });
    try {
      return await Promise.race([
        connectTo(card, reader, signal).then((session) => measure(session, 'echo card')),
        gone,
      ]);
    } catch (error) {
      if (!(error instanceof HalError)) throw error;
      reason = error;
    } finally {
      link.stop();
      await reader.close();
    }
  }
  throw reason;
}

async function connectTo(card: EchoCard, reader: Reader, signal: AbortSignal): Promise<CardSession> {
  const session = await connectToEcho(card, reader, CARD_SEEN_MS, signal);
  if (session !== null) return session;
  throw new HalError('no-card', 'no slot of the virtual reader is free for an echo card');
}

async function measure(session: CardSession, what: string): Promise<Echo> {
  return { what, medianNs: median(await timeEchoes(session)), count: ECHO_COUNT, bytes: ECHO_BYTES };
}

/** The chip's own test of the line: what is sent comes back. */
export async function echoOfChip(chip: Pn532, clock: Clock): Promise<Echo> {
  const times: number[] = [];
  for (let i = 0; i < ECHO_WARM_UP + ECHO_COUNT; i++) {
    const startNs = clock.nowNs();
    await chip.diagnoseCommunicationLine(ECHO_COMMAND);
    if (i >= ECHO_WARM_UP) times.push(clock.nowNs() - startNs);
  }
  // Frame, acknowledgement, frame.
  return {
    what: 'communication line test',
    medianNs: median(times),
    count: ECHO_COUNT,
    bytes: chipEchoBytes(ECHO_COMMAND.length),
  };
}

/** Eight bytes of frame around code, test number and data; six of acknowledgement. */
function chipEchoBytes(data: number): number {
  return 2 * (8 + 2 + data) + 6;
}
