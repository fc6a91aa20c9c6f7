import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { CardSource } from '../../card/card-source.ts';
import { PhoneScreen } from '../../card/phone-screen.ts';
import { type LinkChoice, linkDriver } from '../../endpoint/links.ts';
import { openLink } from '../../endpoint/open-link.ts';
import { openRenewable } from '../../judge/conform/open-card.ts';

/** A card of ours on a link, for as long as a run reads it through the reader at the other end. */
export interface ServedCard {
  readonly description: string;
  /** Its holder's own screen, where it is a phone's card on an antenna; null: its codes are presented through the reader. */
  readonly screen: PhoneScreen | null;
  /** @throws what the link or the card threw */
  stop(): Promise<void>;
}

/** Serves a fresh copy. @throws what opening the card or the link throws */
export async function serveCard(
  source: CardSource,
  link: LinkChoice,
  wanted: CardInterface | null,
): Promise<ServedCard> {
  const cardInterface = linkDriver(link).interface ?? wanted;
  const renewable = await openRenewable(source, cardInterface);
  const opened = await openLink(link, renewable.cardInterface, false);
  const faults: unknown[] = [];
  const card = renewable.boot((fault) => faults.push(fault));
  const served = opened.serve(card.port(renewable.cardInterface, opened.limits));
  let lost: unknown = null;
  const ended = served.catch((error: unknown) => {
    lost = error;
  });
  // A link that nobody listens on is known at once.
  await new Promise((resolve) => setImmediate(resolve));
  if (lost !== null) throw lost;
  return {
    description: `${renewable.description}, ${renewable.cardInterface}`,
    screen: renewable.cardInterface === 'contactless' && card.holder.present ? new PhoneScreen(card) : null,
    stop: async () => {
      opened.stop();
      await ended;
      if (lost !== null) throw lost;
      if (faults.length > 0) throw faults[0];
    },
  };
}
