import type { CardInterface, CardLink } from '../../src/hal/card-link.ts';
import { systemClock } from '../../src/hal/system/clock.ts';
import { CannotRun } from '../cli/failure.ts';
import type { CardSource, EmulateOptions, LinkChoice } from '../cli/options.ts';

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
    import('../pn532/open-port.ts'),
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

/** The card to be: the one that is named, or the one that was flashed onto the board. @throws {CannotRun} neither */
export async function sourceOf(
  { card, link }: Pick<EmulateOptions, 'card' | 'link'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CardSource> {
  if (card !== null) return card;
  if (link.driver === 'pn532') {
    const { storedCardOf } = await import('../board/store.ts');
    const image = await storedCardOf(link.path, env);
    if (image !== null) return { kind: 'image', fileOrName: image };
    const words = 'no card was flashed onto this board: name one with --profile or --image, or use `vitap board flash`';
    throw new CannotRun(words);
  }
  throw new CannotRun('which card? name one with --profile or --image');
}
