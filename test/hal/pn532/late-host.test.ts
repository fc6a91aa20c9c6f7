import { afterEach, describe, expect, it } from 'vitest';
import { type SimulatedPair, simulatedPair } from '../../../rig/sim/pair.ts';
import { Pn532CardLink } from '../../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../../src/hal/pn532/reader.ts';
import type { Timers } from '../../../src/hal/pn532/transport.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { produced, TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';

/**
 * Hosts whose bytes come late, as those of a busy machine: an acknowledgement is then late too, and no command was lost.
 * All in virtual time, the limits of the drivers included.
 */
describe.each(['a', 'b'] as const)('a host that is late, at board %s (reader on a, card on b)', (late) => {
  let pair: SimulatedPair;
  afterEach(() => pair.clock.stop());

  it.each([40, 150])(
    'by %i ms: the card is found, read, reset and read again',
    async (ms) => {
      pair = simulatedPair({
        [late]: { faults: [{ name: 'slow-host', value: ms, from: 1, to: Number.POSITIVE_INFINITY }] },
      });
      const { opener, paths, clock } = pair;
      const timers: Timers = { after: (after, action) => clock.after(after * 1e6, action) };
      const link = new Pn532CardLink({
        port: new HsuPort({ opener, path: paths.b, timers }),
        clock,
        timers,
        random: new SeededRandom('late host'),
      });
      const served = link.serve(new ToyCard());
      const reader = new Pn532Reader({ port: new HsuPort({ opener, path: paths.a, timers }), clock, timers });
      const session = await reader.connect({ timeoutMs: 60_000 });
      for (const mode of ['cold', 'warm', 'cold'] as const) {
        const { response } = await session.transmit(toyCommand(TOY.produce, 5, 100));
        expect(response).toEqual(produced(100));
        await session.reset(mode);
      }
      expect((await session.transmit(toyCommand(TOY.produce, 5, 100))).response).toEqual(produced(100));
      await reader.close();
      link.stop();
      await served;
    },
    60_000,
  );
});
