import type { CardUnderTest, CaseSession } from '../../../../rig/judge/conform/card-under-test.ts';
import type { LinkedCard } from '../../../../src/hal/card-link.ts';

/** One card for all cases, as in a reader: it keeps what each of them does to it. */
export function keptCard(card: LinkedCard, protocol: 'T=0' | 'T=1' = 'T=1'): CardUnderTest {
  const session: CaseSession = {
    transmit: (command) => {
      const length = card.process(command, 0, command.length);
      return Promise.resolve(Uint8Array.from(card.response.subarray(0, length)));
    },
    power: async (mode) => {
      if (mode === 'warm') return card.reset();
      card.fieldOff();
      card.powerOn();
    },
  };
  card.powerOn();
  return {
    description: 'one card for all cases',
    reader: 'in process',
    backend: 'simulated',
    reach: { shortestCommand: 4, longestCommand: 65_535 },
    renewed: false,
    seed: null,
    atr: card.atr(),
    protocol,
    begin: async () => {
      await session.power('cold');
      return session;
    },
    takeFaults: () => [],
    close: async () => {},
  };
}
