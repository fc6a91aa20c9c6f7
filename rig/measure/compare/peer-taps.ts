import { toHex } from '../../../src/apdu/hex.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { median } from '../../figures/quantile.ts';
import type { Both } from './peer-cards.ts';
import { otherAnswer, type Round } from './peer-round.ts';

/** Whole taps of one round. */
export interface TapRounds {
  /** The first tap of either card since its program was started. */
  readonly first: Round;
  /** The median of those after it. */
  readonly later: Round;
}

interface Tap {
  readonly ns: number;
  /** All answers, hexadecimal. */
  readonly answers: readonly string[];
}

/**
 * Taps both cards in turn: connection with power off before, every command, until the last answer.
 * @param connect to cards that were sent nothing yet
 * @param taps to each card, two or more
 * @param peerFirst who comes second finds pcscd and this program warm
 * @throws {HalError}
 */
export async function tapBoth(
  connect: Both<() => Promise<CardSession>>,
  commands: readonly Uint8Array[],
  taps: number,
  peerFirst: boolean,
  signal: AbortSignal,
): Promise<TapRounds> {
  const done: Tap[][] = [[], []];
  const [ours, peer] = done as [Tap[], Tap[]];
  for (let i = 0; i < taps; i++) {
    const order = (i % 2 === 0) === peerFirst ? (['peer', 'ours'] as const) : (['ours', 'peer'] as const);
    for (const which of order) {
      signal.throwIfAborted();
      (which === 'ours' ? ours : peer).push(await tap(connect[which], commands));
    }
  }
  const different = firstDifference(ours[0] as Tap, peer[0] as Tap);
  const round = (from: number, to?: number): Round => ({
    ours: median(ours.slice(from, to).map(({ ns }) => ns)),
    peer: median(peer.slice(from, to).map(({ ns }) => ns)),
    otherAnswer: different,
  });
  return { first: round(0, 1), later: round(1) };
}

async function tap(connect: () => Promise<CardSession>, commands: readonly Uint8Array[]): Promise<Tap> {
  const startNs = systemClock.nowNs();
  let endNs = startNs;
  const answers: Uint8Array[] = [];
  const session = await connect();
  try {
    for (const command of commands) {
      const exchange = await session.transmit(command);
      answers.push(exchange.response);
      endNs = exchange.endNs;
    }
  } finally {
    await session.disconnect('unpower');
  }
  return { ns: endNs - startNs, answers: answers.map((each) => toHex(each)) };
}

/** What the peer answers where it differs from ours for the first time, or null. */
function firstDifference(ours: Tap, peer: Tap): string | null {
  for (const [i, answer] of ours.answers.entries()) {
    const other = otherAnswer(answer, peer.answers[i] as string);
    if (other !== null) return `command ${i + 1} with ${other}`;
  }
  return null;
}
