import { setTimeout as pause } from 'node:timers/promises';
import type { CardSession, Reader } from '../../src/hal/reader.ts';
import { type EchoCard, echoCommand } from './echo-card.ts';

const ECHO_DATA: Uint8Array = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
export const ECHO_COMMAND: Uint8Array = echoCommand(ECHO_DATA);
/** Command, data and status word. */
export const ECHO_BYTES: number = ECHO_COMMAND.length + ECHO_DATA.length + 2;
/** The first exchanges of a connection may be quick even where the line is slow. */
export const ECHO_WARM_UP = 4;
export const ECHO_COUNT = 15;

/** @returns a session with an echo card that a link shows elsewhere; null when no reader had it in so many milliseconds */
export async function connectToEcho(
  card: EchoCard,
  reader: Reader,
  forMs: number,
  signal?: AbortSignal,
): Promise<CardSession | null> {
  const deadlineMs = performance.now() + forMs;
  while (performance.now() < deadlineMs && signal?.aborted !== true) {
    const found = (await reader.list()).find((each) => each.atr !== null && Buffer.compare(each.atr, card.atr()) === 0);
    if (found !== undefined) return reader.connect({ reader: found.name, timeoutMs: 2000 });
    await pause(50);
  }
  return null;
}

/** @returns the times of {@link ECHO_COUNT} exchanges, in nanoseconds; the card is off then */
export async function timeEchoes(session: CardSession): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < ECHO_WARM_UP + ECHO_COUNT; i++) {
    const { startNs, endNs } = await session.transmit(ECHO_COMMAND);
    if (i >= ECHO_WARM_UP) times.push(endNs - startNs);
  }
  await session.disconnect('unpower');
  return times;
}
