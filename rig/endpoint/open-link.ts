import type { CardInterface, CardLink } from '../../src/hal/card-link.ts';
import { type LinkChoice, linkDriver } from './links.ts';

/** The link that the command line names; it reaches out when a card is served on it. */
export function openLink(choice: LinkChoice, cardInterface: CardInterface, wait: boolean): Promise<CardLink> {
  return linkDriver(choice).open(choice, { interface: cardInterface, wait });
}
