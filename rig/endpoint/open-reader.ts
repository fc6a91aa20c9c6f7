import type { ExplainedAccess } from '../../src/applet/access/explain.ts';
import type { CardInterface } from '../../src/hal/card-link.ts';
import { createLoopback } from '../../src/hal/loopback/index.ts';
import type { Reader } from '../../src/hal/reader.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import type { CardSource } from '../card/card-source.ts';
import { type OpenedCard, openCard } from '../card/open.ts';
import { CannotRun } from '../console/failure.ts';
import type { ReaderChoice } from './choice.ts';

/** A reader, and the card that is in it where the reader is a loopback. */
export interface OpenedReader {
  readonly reader: Reader;
  /** A part of the reader's name, for `connect`; null for any with a card. */
  readonly name: string | null;
  readonly own: { readonly opened: OpenedCard; readonly face: CardInterface } | null;
  /** What the trace says of it. A card of ours in process is a simulation, and a board on a pseudo-terminal. */
  readonly backend: 'simulated' | 'hardware';
  close(): Promise<void>;
}

/** vpcd's readers, as pcscd names them: a card in one of them is software. */
const VIRTUAL_READER = 'Virtual PCD';

/** The same for the reader that was connected to, which PC/SC names only then. */
export function backendAt({ backend }: Pick<OpenedReader, 'backend'>, reader: string): 'simulated' | 'hardware' {
  return reader.startsWith(VIRTUAL_READER) ? 'simulated' : backend;
}

export async function openReader(
  choice: ReaderChoice,
  card: CardSource | null,
  face: CardInterface | null,
  onAccess?: (explained: ExplainedAccess) => void,
): Promise<OpenedReader> {
  if (choice.driver === 'pcsc') {
    const { PcscReader } = await import('../../src/hal/pcsc/index.ts');
    const reader = new PcscReader({ clock: systemClock });
    return { reader, name: choice.name, own: null, backend: 'hardware', close: () => reader.close() };
  }
  if (choice.driver !== 'loopback') {
    const [{ Pn532Reader }, { backendOf, pn532PortOf }] = await Promise.all([
      import('../../src/hal/pn532/reader.ts'),
      import('./pn532-port.ts'),
    ]);
    const reader = new Pn532Reader({ port: await pn532PortOf(choice), clock: systemClock });
    return { reader, name: null, own: null, backend: await backendOf(choice), close: () => reader.close() };
  }
  if (card === null) throw new CannotRun('a loopback reader has no card of its own');
  const faults: unknown[] = [];
  const opened = await openCard(card, (fault) => faults.push(fault), onAccess);
  const door = face ?? opened.card.defaultInterface;
  const { link, reader } = createLoopback({ interface: door, clock: systemClock });
  const served = link.serve(opened.card.port(door, link.limits));
  return {
    reader,
    name: null,
    own: { opened, face: door },
    backend: 'simulated',
    close: async () => {
      await reader.close();
      link.stop();
      await served;
      opened.close();
      if (faults.length > 0) throw faults[0];
    },
  };
}
