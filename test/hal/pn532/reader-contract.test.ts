import type { SerialLine } from '../../../src/hal/serial-line.ts';
import { readerContract } from '../../contract/reader.ts';
import { type CardOnLink, putOnLink } from '../../contract/served-link.ts';
import type { ToyCard } from '../../contract/toy-card.ts';
import { boards } from './boards.ts';

/** The card is on the other board, by our own block machine: it answers at any length. */
readerContract('pn532, two simulated boards', async () => {
  const { pair, reader, link: makeLink } = boards();
  let inserted: CardOnLink | null = null;
  let occupied: SerialLine | null = null;
  const remove = async (): Promise<void> => inserted?.remove();
  return {
    reader: reader(),
    readerName: `pn532:${pair.paths.a}`,
    largestCommand: 65_544,
    insert: async (card: ToyCard) => {
      let attached = (): void => {};
      const there = new Promise<void>((resolve) => {
        attached = resolve;
      });
      inserted = putOnLink(makeLink('raw'), card, ({ type }) => type === 'attached' && attached());
      await Promise.race([there, inserted.failed]);
    },
    remove,
    missesCard: async () => {},
    occupy: async () => {
      occupied = await pair.opener.open(pair.paths.a, 115_200);
    },
    dispose: async () => {
      await occupied?.close();
      await remove();
      pair.clock.stop();
    },
  };
});
