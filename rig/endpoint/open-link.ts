import type { CardInterface, CardLink } from '../../src/hal/card-link.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import type { LinkChoice } from './choice.ts';

/** The link that the command line names; it reaches out when a card is served on it. */
export async function openLink(choice: LinkChoice, face: CardInterface, wait: boolean): Promise<CardLink> {
  if (choice.driver === 'vpcd') {
    const { VpcdLink } = await import('../../src/hal/vpcd/index.ts');
    const { host, port } = choice;
    return new VpcdLink({ interface: face, clock: systemClock, host, port, waitForPeer: wait });
  }
  const [{ Pn532CardLink }, { systemRandom }, { pn532PortOf }] = await Promise.all([
    import('../../src/hal/pn532/card-link.ts'),
    import('../../src/hal/system/random.ts'),
    import('./pn532-port.ts'),
  ]);
  const limits = choice.driver === 'acr122' ? await acr122Limits() : {};
  return new Pn532CardLink({
    port: await pn532PortOf(choice),
    clock: systemClock,
    random: systemRandom,
    mode: choice.raw ? 'raw' : 'picc',
    interface: face,
    waitForPeer: wait,
    ...limits,
  });
}

async function acr122Limits(): Promise<{ readonly largestResponse: number }> {
  const { ACR122_LARGEST_RESPONSE } = await import('../../src/hal/acr122/index.ts');
  return { largestResponse: ACR122_LARGEST_RESPONSE };
}
