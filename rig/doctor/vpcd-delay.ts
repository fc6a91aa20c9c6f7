import { setTimeout as pause } from 'node:timers/promises';
import type { LinkedCard } from '../../src/hal/card-link.ts';
import type { Clock } from '../../src/hal/clock.ts';
import { HalError } from '../../src/hal/errors.ts';
import type { CardSession, Reader } from '../../src/hal/reader.ts';
import { VpcdLink } from '../../src/hal/vpcd/index.ts';
import type { ProbedDelay } from './checks/vpcd.ts';

/** Of ISO/IEC 14443-4 form, with a text that no other card has. */
const ECHO_ATR: Uint8Array = withCheckByte([0x3b, 0x8a, 0x80, 0x01, ...Buffer.from('vitap-echo', 'latin1')]);
/** Any command does: the card answers it with itself. */
const COMMAND: Uint8Array = Uint8Array.of(0x80, 0x10, 0x00, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8);
/** The first exchanges of a connection may be quick even where the defect is. */
const WARM_UP = 4;
const MEASURED = 15;
const CARD_SEEN_MS = 6000;

/**
 * Puts an echo card into vpcd's first slot and times exchanges with it through PC/SC.
 * @throws {HalError} as the link and the reader do; `no-card` when PC/SC never saw the card
 */
export async function measureVpcdDelay(reader: Reader, clock: Clock): Promise<ProbedDelay> {
  const link = new VpcdLink({ interface: 'contact', clock });
  const serving = link.serve(echoCard());
  try {
    const session = await Promise.race([connectToEcho(reader), serving.then(() => Promise.reject(cardGone()))]);
    const medianMs = await measure(session);
    await session.disconnect('unpower');
    return { medianMs, exchanges: MEASURED };
  } finally {
    link.stop();
  }
}

async function connectToEcho(reader: Reader): Promise<CardSession> {
  const deadline = performance.now() + CARD_SEEN_MS;
  while (performance.now() < deadline) {
    const found = (await reader.list()).find((each) => each.atr !== null && Buffer.compare(each.atr, ECHO_ATR) === 0);
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

function echoCard(): LinkedCard {
  const response = new Uint8Array(COMMAND.length + 2);
  return {
    response,
    atr: () => ECHO_ATR,
    powerOn() {},
    reset() {},
    fieldOff() {},
    deselect() {},
    process(command, offset, length) {
      const kept = Math.min(length, COMMAND.length);
      response.set(command.subarray(offset, offset + kept));
      response[kept] = 0x90;
      response[kept + 1] = 0x00;
      return kept + 2;
    },
  };
}

function cardGone(): HalError {
  return new HalError('card-removed', 'the echo card was taken off the virtual reader');
}

/** TCK of ISO/IEC 7816-3: all bytes from T0 on XORed give 0. */
function withCheckByte(bytes: readonly number[]): Uint8Array {
  return Uint8Array.of(
    ...bytes,
    bytes.slice(1).reduce((sum, byte) => sum ^ byte, 0),
  );
}
