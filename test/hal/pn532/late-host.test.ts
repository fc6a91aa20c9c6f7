import { afterEach, describe, expect, it } from 'vitest';
import { type SimulatedPair, simulatedPair } from '../../../rig/sim/pair.ts';
import { Pn532CardLink } from '../../../src/hal/pn532/card-link.ts';
import { HsuPort } from '../../../src/hal/pn532/hsu-port.ts';
import { Pn532Reader } from '../../../src/hal/pn532/reader.ts';
import type { Timers } from '../../../src/hal/pn532/transport.ts';
import type { CardSession } from '../../../src/hal/reader.ts';
import { SeededRandom } from '../../../src/hal/virtual/random.ts';
import { whileServed } from '../../contract/served-link.ts';
import { produced, TOY, ToyCard, toyCommand } from '../../contract/toy-card.ts';

/**
 * Hosts whose bytes come late, as those of a busy machine: an acknowledgement is then late too, and no command was lost.
 * All in virtual time, the limits of the drivers included.
 */
describe.each(['a', 'b'] as const)('a host that is late, at board %s (reader on a, card on b)', (late) => {
  let pair: SimulatedPair;
  afterEach(() => pair.clock.stop());

  /** @param from the first write that is late */
  async function withSession(ms: number, from: number, use: (session: CardSession) => Promise<void>): Promise<void> {
    pair = simulatedPair({
      [late]: { faults: [{ name: 'slow-host', value: ms, from, to: Number.POSITIVE_INFINITY }] },
    });
    const { opener, paths, clock } = pair;
    const timers: Timers = { after: (after, action) => clock.after(after * 1e6, action) };
    const link = new Pn532CardLink({
      port: new HsuPort({ opener, path: paths.b, timers }),
      clock,
      timers,
      random: new SeededRandom('late host'),
    });
    const reader = new Pn532Reader({ port: new HsuPort({ opener, path: paths.a, timers }), clock, timers });
    await whileServed(link, new ToyCard(), async () => {
      await use(await reader.connect({ timeoutMs: 60_000 }));
      await reader.close();
    });
  }
  const produce = async (session: CardSession): Promise<void> => {
    expect((await session.transmit(toyCommand(TOY.produce, 5, 100))).response).toEqual(produced(100));
  };

  it.each([40, 150])(
    'by %i ms: the card is found, read, reset and read again',
    async (ms) => {
      await withSession(ms, 1, async (session) => {
        for (const mode of ['cold', 'warm', 'cold'] as const) {
          await produce(session);
          await session.reset(mode);
        }
        await produce(session);
      });
    },
    60_000,
  );

  it('by 800 ms in the middle of a session: nothing is given up', async () => {
    await withSession(800, 40, async (session) => {
      for (let i = 0; i < 20; i++) await produce(session);
    });
  }, 60_000);
});
