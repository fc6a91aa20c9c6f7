import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import type { CardPort } from '../../src/applet/card-port.ts';
import type { CardInterface } from '../../src/hal/card-link.ts';
import { createLoopback } from '../../src/hal/loopback/index.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import type { CardSource } from '../card/card-source.ts';
import { type OpenedCard, openCard } from '../card/open.ts';
import { wiredPort } from '../card/phone-screen.ts';
import type { ForeignReader } from './driver.ts';
import { needsCard } from './reader-and-card.ts';
import { type ReaderChoice, readerDriver } from './readers.ts';

/** Our card in the reader, and the interface and port that the reader reaches it through. */
export interface OwnCard {
  readonly opened: OpenedCard;
  readonly cardInterface: CardInterface;
  readonly port: CardPort;
}

/** A reader, and the card that is in it where the card is ours. */
export interface OpenedReader extends ForeignReader {
  readonly own: OwnCard | null;
  close(): Promise<void>;
}

export interface OpenReaderOptions {
  /** The card for a reader of our own cards; others have one in them, and leave this alone. */
  readonly card?: CardSource | null;
  /** Interface to our card; null: the one its profile names. */
  readonly interface?: CardInterface | null;
  /** Told of every decision about access of our card. */
  readonly onAccess?: ((explained: ExplainedAccess) => void) | undefined;
  /** Keep other programs away from the card, where the driver can. */
  readonly exclusive?: boolean;
  /** The person wants an end. */
  readonly signal?: AbortSignal;
}

/** The reader that the command line names. @throws {UsageError} no card for a reader of our own; {HalError}; the reason of the signal */
export async function openReader(choice: ReaderChoice, options: OpenReaderOptions = {}): Promise<OpenedReader> {
  const driver = readerDriver(choice);
  if (driver.open === undefined) return openLoopback(options.card ?? null, choice, options);
  const { exclusive = false, signal } = options;
  const opened = await driver.open(choice, { exclusive, ...(signal !== undefined && { signal }) });
  return { ...opened, own: null, close: () => opened.reader.close() };
}

async function openLoopback(
  source: CardSource | null,
  choice: ReaderChoice,
  { interface: cardInterface, onAccess }: OpenReaderOptions,
): Promise<OpenedReader> {
  if (source === null) throw needsCard(choice);
  const faults: unknown[] = [];
  const opened = await openCard(source, {
    onFault: (fault) => faults.push(fault),
    ...(onAccess === undefined ? {} : { onAccess }),
  });
  const used = cardInterface ?? opened.card.defaultInterface;
  const { link, reader } = createLoopback({ interface: used, clock: systemClock });
  const port = opened.card.port(used, link.limits);
  const served = link.serve(port);
  return {
    reader,
    name: null,
    screen: async () => {
      if (used !== 'contactless' || !opened.card.holder.present) return null;
      const screen = wiredPort(opened.card);
      return async (command) => screen(command);
    },
    own: { opened, cardInterface: used, port },
    backendAt: () => 'simulated',
    close: async () => {
      await reader.close();
      link.stop();
      await served;
      opened.close();
      if (faults.length > 0) throw faults[0];
    },
  };
}
