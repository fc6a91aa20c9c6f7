import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { toHex } from '../../src/apdu/hex.ts';
import type { Card } from '../../src/applet/card.ts';
import type { CardLink, LinkLimits } from '../../src/hal/card-link.ts';
import { HalError } from '../../src/hal/errors.ts';
import { createLoopback } from '../../src/hal/loopback/index.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import type { CardSession, Reader } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { bootCard, cryptoFor } from '../card/open.ts';
import { readIdentityBySfi, readPointers } from '../tap/field-sequences.ts';
import { readNdef } from '../tap/ndef.ts';
import { readOwnApplication } from '../tap/own-application.ts';
import { emptyReading } from '../tap/reading.ts';
import { CardTerminal } from '../tap/terminal.ts';
import { BoardFault } from './phase.ts';

/** One command and its answer, as bytes. */
interface Said {
  readonly command: Uint8Array;
  readonly response: Uint8Array;
}

export interface ReadBack {
  readonly exchanges: number;
  /** Bytes of data that the card gave; 0 means that nothing was verified. */
  readonly bytes: number;
}

/** What was read over the field is not what was written. */
export class ReadBackDiffers extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ReadBackDiffers';
  }
}

/**
 * Reads a card over the field and holds every answer against that of the same card in process. The image is a copy: it
 * does not change by being read.
 * @param link the board with the card
 * @param reader what reads it
 * @param readerName a part of the reader's name, or null
 * @throws {ReadBackDiffers}, {HalError}
 */
export async function readBack(
  contents: Uint8Array,
  link: CardLink,
  reader: Reader,
  readerName: string | null,
  signal: AbortSignal,
): Promise<ReadBack> {
  const expected = await readInProcess(contents, link.limits);
  const served = link.serve((await copyOf(contents)).port('contactless', link.limits)).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  const stop = (): void => link.stop();
  signal.addEventListener('abort', stop);
  try {
    const session = await reader.connect({
      timeoutMs: 10_000,
      signal,
      ...(readerName === null ? {} : { reader: readerName }),
    });
    return compare(expected, await readAll(session, signal));
  } catch (error) {
    link.stop();
    const refused = await served;
    // A board that cannot be a card is the reason that a person needs.
    throw refused === null ? error : ofTheCard(refused.error);
  } finally {
    signal.removeEventListener('abort', stop);
    await reader.close();
    link.stop();
    await served;
  }
}

/** What the board does wrong as a card is its own fault, and not that of what reads it. */
function ofTheCard(error: unknown): unknown {
  const own = error instanceof HalError && (error.kind === 'timeout' || error.kind === 'protocol');
  return own ? new BoardFault(`as a card: ${error.message}`, { cause: error }) : error;
}

async function readInProcess(contents: Uint8Array, limits: LinkLimits): Promise<readonly Said[]> {
  const { link, reader } = createLoopback({ interface: 'contactless', clock: systemClock, limits });
  const served = link.serve((await copyOf(contents)).port('contactless', limits));
  try {
    return await readAll(await reader.connect({ timeoutMs: 1000 }), new AbortController().signal);
  } finally {
    await reader.close();
    link.stop();
    await served;
  }
}

async function copyOf(contents: Uint8Array): Promise<Card> {
  const nvm = new MemoryNvm(contents);
  return bootCard(nvm, 'the card that was flashed', null, {}, await cryptoFor(nvm));
}

/** All that is free to read, in whichever way readers in the field read it. */
async function readAll(session: CardSession, signal: AbortSignal): Promise<readonly Said[]> {
  const said: Said[] = [];
  let command: Uint8Array = new Uint8Array(0);
  const listener = {
    command: (apdu: Uint8Array): void => {
      command = copyBytes(apdu);
    },
    response: (apdu: Uint8Array): void => void said.push({ command, response: copyBytes(apdu) }),
  };
  try {
    const terminal = new CardTerminal(session, { listener, signal });
    const reading = emptyReading();
    await readIdentityBySfi(terminal, reading);
    await readPointers(terminal, reading);
    await readOwnApplication(terminal, reading, null);
    await readNdef(terminal, reading);
  } finally {
    await session.disconnect();
  }
  return said;
}

function compare(expected: readonly Said[], found: readonly Said[]): ReadBack {
  let bytes = 0;
  for (const [i, { command, response }] of expected.entries()) {
    const said = found[i];
    const same =
      said !== undefined && toHex(said.command) === toHex(command) && toHex(said.response) === toHex(response);
    if (!same) {
      // Its header only: what a card holds does not belong into a message.
      throw new ReadBackDiffers(
        `what was read over the field differs from the image, from command ${i + 1} on (${toHex(command.subarray(0, 4))})`,
      );
    }
    bytes += response.length - 2;
  }
  if (found.length !== expected.length)
    throw new ReadBackDiffers('over the field the card answered more commands than it has answers for');
  return { exchanges: expected.length, bytes };
}
