import { type SimulatedPair, type SimulatedPairOptions, simulatedPair } from '../../../rig/sim/pair.ts';
import { Pn532CardLink } from '../../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../../src/hal/pn532/reader.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';

/** Two simulated boards on each other: a reader on `a`, a card on `b`. */
export interface Boards {
  readonly pair: SimulatedPair;
  readonly readerPort: HsuPort;
  readonly cardPort: HsuPort;
  reader(): Pn532Reader;
  link(mode?: 'picc' | 'raw'): Pn532CardLink;
}

export function boards(options: SimulatedPairOptions = {}, baudRate = 921_600): Boards {
  const pair = simulatedPair(options);
  const { opener, paths, clock } = pair;
  const readerPort = new HsuPort({ opener, path: paths.a, baudRate });
  const cardPort = new HsuPort({ opener, path: paths.b, baudRate });
  return {
    pair,
    readerPort,
    cardPort,
    reader: () => new Pn532Reader({ port: readerPort, clock }),
    link: (mode = 'picc') => new Pn532CardLink({ port: cardPort, clock, random: new SeededRandom('boards'), mode }),
  };
}
