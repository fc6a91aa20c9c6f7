import type { LinkEvent } from '../../src/hal/card-link.ts';

/** Of a card link, what a test needs to serve a card of a kind: `LinkedCard`, or `DistantCard` as well. */
interface ServingLink<Card> {
  serve(card: Card, onEvent?: (event: LinkEvent) => void): Promise<void>;
  stop(): void;
}

/** A card that a link serves beside a test. */
export interface CardOnLink {
  /** Rejects when the link cannot go on, with its reason; settles in no other way. */
  readonly failed: Promise<never>;
  /** Stops the link. @throws why it could not go on */
  remove(): Promise<void>;
}

/**
 * What runs beside a test may fail before the test awaits its end. This fails as that does, and settles in no other way:
 * the test races it against what depends on it. A failure that nothing races is no rejection that nobody handles.
 */
export function failureOf(running: Promise<unknown>): Promise<never> {
  const failed = running.then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  return failed;
}

/** Has a link serve a card until it is removed. */
export function putOnLink<Card>(link: ServingLink<Card>, card: Card, onEvent?: (event: LinkEvent) => void): CardOnLink {
  const served = link.serve(card, onEvent);
  return {
    failed: failureOf(served),
    remove() {
      link.stop();
      return served;
    },
  };
}

/**
 * Does something at the other end of a link while it serves a card, and stops the link at the end. Nobody waits any
 * longer for a card whose link has failed.
 * @throws why the link could not go on, rather than what followed from that at the other end
 */
export async function whileServed<Card, Result>(
  link: ServingLink<Card>,
  card: Card,
  work: () => Promise<Result>,
  onEvent?: (event: LinkEvent) => void,
): Promise<Result> {
  const { failed, remove } = putOnLink(link, card, onEvent);
  try {
    return await Promise.race([failed, work()]);
  } finally {
    await remove();
  }
}
