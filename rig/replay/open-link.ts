import type { CardInterface, CardLink } from '../../src/hal/card-link.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import type { LinkChoice } from '../cli/options.ts';

/** The link that a person names. @param wait for its other side, where that is not there yet */
export async function openLink(choice: LinkChoice, face: CardInterface, wait: boolean): Promise<CardLink> {
  const { VpcdLink } = await import('../../src/hal/vpcd/index.ts');
  const { host, port } = choice;
  return new VpcdLink({ interface: face, clock: systemClock, host, port, waitForPeer: wait });
}
