import { SimulatedAcr122 } from '../../../rig/sim/acr122/reader.ts';
import { simulatedPair } from '../../../rig/sim/pair.ts';
import { Acr122Port, type PseudoApduChannel } from '../../../src/hal/acr122/index.ts';
import { HalError } from '../../../src/hal/errors.ts';
import { Pn532CardLink } from '../../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../../src/hal/pn532/reader.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { readerContract } from '../../contract/reader.ts';
import { type CardOnLink, putOnLink } from '../../contract/served-link.ts';
import type { ToyCard } from '../../contract/toy-card.ts';

const READER = 'ACS ACR122U 00 00';

/** A simulated ACR122 in one field with a simulated board. */
function joined() {
  const { clock, field, opener, paths, a } = simulatedPair();
  a.unplug();
  const reader = new SimulatedAcr122(READER, clock, field);
  const state = { taken: false };
  const openChannel = async (name: string): Promise<PseudoApduChannel> => {
    if (state.taken) throw new HalError('busy', `another program has "${name}"`);
    return {
      reader: name,
      send: (apdu) => reader.transmit(apdu),
      close: async () => {},
    };
  };
  const port = new Acr122Port({ reader: READER, openChannel });
  return { clock, state, port, board: new HsuPort({ opener, path: paths.b }) };
}

readerContract('acr122, simulated, and a card on a simulated board', async () => {
  const { clock, state, port, board } = joined();
  const random = new SeededRandom('acr122');
  const makeLink = () => new Pn532CardLink({ port: board, clock, random, mode: 'raw' });
  let inserted: CardOnLink | null = null;
  const remove = async (): Promise<void> => inserted?.remove();
  return {
    reader: new Pn532Reader({ port, clock }),
    readerName: `acr122:${READER}`,
    largestCommand: 65_544,
    insert: async (card: ToyCard) => {
      let attached = (): void => {};
      const there = new Promise<void>((resolve) => {
        attached = resolve;
      });
      inserted = putOnLink(makeLink(), card, ({ type }) => type === 'attached' && attached());
      await Promise.race([there, inserted.failed]);
    },
    remove,
    missesCard: async () => {},
    occupy: async () => {
      state.taken = true;
    },
    dispose: async () => {
      await remove();
      clock.stop();
    },
  };
});
