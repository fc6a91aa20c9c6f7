import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../src/hal/clock.ts';
import { HalError } from '../../src/hal/errors.ts';
import type { CardSession, Reader } from '../../src/hal/reader.ts';
import { VpcdLink } from '../../src/hal/vpcd/index.ts';
import { EchoCard, echoCommand } from '../card/echo-card.ts';
import type { ProbedDelay } from './checks/vpcd.ts';

/** A name that no other card has. */
const ECHO_NAME = 'vitap-echo';
const COMMAND: Uint8Array = echoCommand(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
/** The first exchanges of a connection may be quick even where the defect is. */
const WARM_UP = 4;
const MEASURED = 15;
const CARD_SEEN_MS = 6000;

/**
 * Puts an echo card into vpcd's first slot and times exchanges with it through PC/SC.
 * @throws {HalError} as the link and the reader do; `no-card` when PC/SC never saw the card
 */
export async function measureVpcdDelay(reader: Reader, clock: Clock): Promise<ProbedDelay> {
  const card = new EchoCard(ECHO_NAME);
  const link = new VpcdLink({ interface: 'contact', clock });
  const serving = link.serve(card);
  try {
    const session = await Promise.race([connectTo(card, reader), serving.then(() => Promise.reject(cardGone()))]);
    const medianMs = await measure(session);
    await session.disconnect('unpower');
    return { medianMs, exchanges: MEASURED };
  } finally {
    link.stop();
  }
}

async function connectTo(card: EchoCard, reader: Reader): Promise<CardSession> {
  const deadline = performance.now() + CARD_SEEN_MS;
  while (performance.now() < deadline) {
    const found = (await reader.list()).find((each) => each.atr !== null && Buffer.compare(each.atr, card.atr()) === 0);
    if (found !== undefined) return reader.connect({ reader: found.name, timeoutMs: 2000 });
    await pause(50);
  }
  throw new HalError('no-card', 'PC/SC never saw the echo card: does pcscd use vpcd, and is its first slot free?');
}

/** @returns the median in milliseconds */
async function measure(session: CardSession): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + MEASURED; i++) {
    const { startNs, endNs } = await session.transmit(COMMAND);
    if (i >= WARM_UP) times.push((endNs - startNs) / 1e6);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)]!;
}

function cardGone(): HalError {
  return new HalError('card-removed', 'the echo card was taken off the virtual reader');
}
