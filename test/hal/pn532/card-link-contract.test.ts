import type { CardSession } from '../../../src/hal/reader.ts';
import { type CardLinkSubject, cardLinkContract } from '../../contract/card-link.ts';
import { boards } from './boards.ts';

for (const mode of ['picc', 'raw'] as const) {
  cardLinkContract(`pn532, ${mode}, two simulated boards`, 'leaves', () => subject(mode));
}

/** The reader on the other board plays the peer; to leave is to unplug the card's board. */
function subject(mode: 'picc' | 'raw'): CardLinkSubject {
  const { pair, reader: makeReader, link: makeLink } = boards();
  const reader = makeReader();
  let session: CardSession | null = null;
  const connected = (): CardSession => {
    if (session === null) throw new Error('the test did not power the card on');
    return session;
  };
  return {
    link: makeLink(mode),
    peer: {
      powerOn: async () => {
        await session?.disconnect('leave');
        session = await reader.connect({ timeoutMs: 4000 });
      },
      transmit: async (command) => (await connected().transmit(command)).response,
      warmReset: () => connected().reset('warm'),
      powerOff: () => connected().disconnect('unpower'),
      missesCard: async () => {
        await session?.disconnect('unpower');
        session = null;
      },
      leave: async () => pair.b.unplug(),
      comeBack: async () => pair.b.plug(),
    },
    dispose: async () => {
      await reader.close();
      pair.clock.stop();
    },
  };
}
