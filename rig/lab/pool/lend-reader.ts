import { FarEnd } from '../../../src/hal/distant/index.ts';
import type { Exchange, Reader } from '../../../src/hal/reader.ts';
import { CannotRun } from '../../console/failure.ts';
import { openReader } from '../../endpoint/open-reader.ts';
import { readerDriver } from '../../endpoint/readers.ts';
import type { Judged, RunPlace } from '../bench/judged.ts';

/**
 * Gives a reader of this bench to somebody who asked the lab for it, until that end goes. The lab judges nothing of it:
 * the verdict says that the reader was lent.
 * @throws {HalError} the reader, or the way; {CannotRun} a device that cannot be lent; the reason of the signal
 */
export async function lendReader({
  bench,
  device,
  openPool,
  signal,
}: Pick<RunPlace, 'bench' | 'device' | 'openPool' | 'signal'>): Promise<Judged> {
  const { reader: choice, capability } = device;
  if (choice === null || readerDriver(choice).ourCards === 'in process') {
    throw new CannotRun(`${device.readerText} has no card of its own: only a reader with a card is lent`);
  }
  const opened = await openReader(choice, { exclusive: true });
  let exchanges = 0;
  try {
    const channel = await openPool();
    const counted = countedReader(opened.reader, () => exchanges++);
    const stop = (): void => channel.close();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const { name, backendAt } = opened;
    await new FarEnd(channel, { reader: counted, name, backendAt, at: `bench ${bench}` }).ended;
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
  } finally {
    await opened.close();
  }
  return {
    verdict: 'passed',
    reason: 'the reader was lent: nothing was judged',
    backend: capability.backend,
    card: device.card?.label ?? capability.card?.atr ?? null,
    image: null,
    board: null,
    figures: { exchanges },
    repairs: 0,
    cases: [],
    files: [],
  };
}

/** The same reader, which tells of each exchange. */
function countedReader(reader: Reader, onExchange: () => void): Reader {
  return {
    driver: reader.driver,
    list: () => reader.list(),
    close: () => reader.close(),
    connect: async (options) => {
      const session = await reader.connect(options);
      const transmit = session.transmit.bind(session);
      session.transmit = (command): Promise<Exchange> => {
        onExchange();
        return transmit(command);
      };
      return session;
    },
  };
}
