import type { Clock } from '../../src/hal/clock.ts';
import { HalError } from '../../src/hal/errors.ts';
import type { CardSession, Reader } from '../../src/hal/reader.ts';
import { VpcdLink } from '../../src/hal/vpcd/index.ts';
import { EchoCard } from '../card/echo-card.ts';
import { connectToEcho, ECHO_COUNT, timeEchoes } from '../card/echo-exchanges.ts';
import { median } from '../figures/quantile.ts';
import type { ProbedDelay } from './checks/vpcd.ts';

/** A name that no other card has. */
const ECHO_NAME = 'vitap-echo';
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
    return { medianMs: median(await timeEchoes(session)) / 1e6, exchanges: ECHO_COUNT };
  } finally {
    link.stop();
  }
}

async function connectTo(card: EchoCard, reader: Reader): Promise<CardSession> {
  const session = await connectToEcho(card, reader, CARD_SEEN_MS);
  if (session !== null) return session;
  throw new HalError('no-card', 'PC/SC never saw the echo card: does pcscd use vpcd, and is its first slot free?');
}

function cardGone(): HalError {
  return new HalError('card-removed', 'the echo card was taken off the virtual reader');
}
